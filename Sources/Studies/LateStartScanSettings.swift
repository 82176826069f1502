public import Evaluation
import Files
public import Pipelines

/// What a scan of late starts runs: every sampler with every number of steps, from the prior and from every late start of every kind.
public struct LateStartScanSettings: Sendable, Hashable {
  /// The samplers' names; see `SamplingSettings.select(sampler:)`.
  public var samplers = ["ddim"]
  /// Numbers of steps.
  public var steps = [10, 5, 3]
  /// Where runs begin.
  public var starts: [ScanStart] = [.prior] + stride(from: 900, through: 300, by: -100).map { .late($0) }
  /// How late starts are made.
  public var kinds: [LateStartKind] = [.gaussian]
  /// What all runs share: seeds, classes, guidance, clipping, batch.
  ///
  /// The same seeds everywhere are common random numbers: cells differ by what they do and not by what they draw.
  public var base: SamplingSettings
  /// How intervals are found, or nil for none.
  public var bootstrap: Bootstrap? = Bootstrap()
  /// Whether the images are kept beside the cells.
  public var keepsImages = false

  /// A scan of DDIM at 10, 5 and 3 steps from the prior and from Gaussians at 900 down to 300.
  public init(base: SamplingSettings) {
    self.base = base
  }

  /// The cells, in the order in which they run.
  public var cells: [ScanCell] {
    samplers.flatMap { sampler in
      steps.flatMap { steps in
        starts.flatMap { start -> [ScanCell] in
          guard let step = start.step else { return [ScanCell(sampler: sampler, steps: steps)] }
          return kinds.map { ScanCell(sampler: sampler, steps: steps, start: step, kind: $0) }
        }
      }
    }
  }

  /// The settings of a cell's run.
  ///
  /// - Throws: `SamplerError.unknownSampler` for a name that is no sampler's.
  func sampling(_ cell: ScanCell) throws -> SamplingSettings {
    var result = base
    try result.select(sampler: cell.sampler)
    result.steps = cell.steps
    result.start = cell.start.flatMap { step in cell.kind.map { .late(timestep: step, kind: $0) } } ?? .prior
    return result
  }
}
