public import Pipelines
import SymmetryBreaking

/// How much each part of a ``Reproduction`` does.
public struct ReproductionSettings: Sendable, Hashable {
  /// How far it goes.
  public enum Extent: String, Sendable, Hashable, Codable, CaseIterable {
    /// Everything: five samplers, seven starts and plain noise beside them, 2,000 images a cell.
    case full
    /// What takes minutes: DDIM and the paper's DDPM, five starts, 500 images a cell, six steps of the order parameter.
    case quick
  }

  /// How far it goes.
  public let extent: Extent
  /// The scan of late starts.
  public var scan: LateStartScanSettings
  /// The fit of the start.
  public var fit = StartFit.Settings()
  /// The order parameter.
  public var network: NetworkAnalysis.Settings
  /// Images on which network and Gaussian are compared beside the order parameter.
  public var errorImages = 256
  /// The potential between samples.
  public var potential: PotentialAnalysis.Settings
  /// Clones, U-turns and decisions.
  public var dynamics: DynamicsAnalysis.Settings
  /// Samples of each grid of pictures.
  public var pictures = 64

  /// The settings of an extent.
  ///
  /// - Parameters:
  ///   - extent: How far it goes.
  ///   - last: The model's last training step; starts and steps are parts of it.
  public init(_ extent: Extent, last: Int) {
    func steps(_ parts: [Int], of whole: Int) -> [Int] { parts.map { max(1, $0 * last / whole) } }
    func starts(_ tenths: [Int]) -> [ScanStart] { [.prior] + tenths.map { .late(max(1, $0 * (last + 1) / 10)) } }
    self.extent = extent
    switch extent {
    case .full:
      scan = LateStartScanSettings(base: SamplingSettings(seeds: (0..<2000).map { $0 }))
      scan.samplers = ["ddim", "ddpm-paper", "pndm", "dpm++2m", "unipc"]
      scan.starts = starts([9, 8, 7, 6, 5, 4, 3])
      scan.kinds = [.gaussian, .noise]
      network = .init(steps: steps(Array(6...19), of: 20))
      potential = .init(steps: steps([7, 5, 3, 1], of: 10))
      dynamics = .init(steps: steps([1, 2, 4, 6, 8, 10, 12, 14, 16, 18], of: 20))
    case .quick:
      scan = LateStartScanSettings(base: SamplingSettings(seeds: (0..<500).map { $0 }))
      scan.samplers = ["ddim", "ddpm-paper"]
      scan.starts = starts([8, 7, 6, 5, 4])
      network = .init(steps: steps([8, 10, 12, 14, 16, 18], of: 20))
      network.sets = 2
      potential = .init(steps: steps([7, 5, 3, 1], of: 10))
      (potential.pairs, potential.samplerSteps) = (4, 20)
      dynamics = .init(steps: steps([2, 6, 10, 12, 14, 16], of: 20))
      (dynamics.count, dynamics.samplerSteps, dynamics.lossImages) = (50, 20, 64)
      pictures = 40
    }
  }

  /// Makes every part small: a cell of the scan has `count` images, and nothing else is drawn more often than that.
  ///
  /// - Parameter count: At least 2.
  public mutating func limit(to count: Int) {
    scan.base.seeds = (0..<UInt64(count)).map { $0 }
    fit.images = min(fit.images, count)
    network.average.draws = min(network.average.draws, max(2, count - count % 2))
    errorImages = min(errorImages, count)
    potential.pairs = min(potential.pairs, max(1, count / 2))
    (dynamics.count, dynamics.lossImages) = (min(dynamics.count, count), min(dynamics.lossImages, count))
    pictures = min(pictures, count)
  }
}
