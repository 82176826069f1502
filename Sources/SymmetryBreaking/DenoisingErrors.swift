public import Diffusion
import Foundation
public import Tensors

/// The errors of a denoiser and of the Gaussian with the data's moments on the same noised data, draw by draw.
///
/// Every draw keeps its noise through all levels, which makes the curve smooth, and only the difference of the two errors is taken from
/// draws: the Gaussian's own error is known in closed form.
public struct DenoisingErrors {
  /// The levels, most noise first.
  public let levels: [NoiseLevel]
  /// What is noised.
  public let source: DenoisingCurve.Source
  /// How much smaller the denoiser's error is than the Gaussian's, a list of draws for each level.
  ///
  /// From draws of the Gaussian, how much larger.
  public private(set) var differences: [[Double]]

  /// No draws yet.
  public init(levels: [NoiseLevel], source: DenoisingCurve.Source = .data) {
    self.levels = levels
    self.source = source
    differences = .init(repeating: [], count: levels.count)
  }

  /// Draws so far.
  public var draws: Int { differences[0].count }

  /// Adds draws: one evaluation of the denoiser a level for each.
  ///
  /// ```
  /// data:      |x0 - Gaussian's estimate|^2 - |x0 - denoiser's estimate|^2
  /// Gaussian:  |Gaussian's estimate - denoiser's estimate|^2        the same in the mean, with less noise
  /// ```
  ///
  /// - Parameters:
  ///   - clean: Clean data, a row a draw; draws of the Gaussian if that is the ``source``.
  ///   - noise: Standard normals of the same shape.
  ///   - denoiser: The denoiser, whose estimates are taken as they are, not clipped.
  ///   - statistics: The moments of the data.
  ///   - shouldStop: Asked before every level.
  /// - Returns: Whether all levels were evaluated; if not, nothing is added.
  public mutating func add(
    _ clean: Tensor, noise: Tensor, denoiser: any Denoiser, statistics: GaussianStatistics,
    shouldStop: () throws -> Bool = { false }
  ) throws -> Bool {
    var found: [[Double]] = []
    let gaussian = GaussianDenoiser(statistics)
    for level in levels {
      if try shouldStop() { return false }
      let x = Tensor.combination([(level.alpha, clean), (level.sigma, noise)])
      let own = try denoiser.prediction(x, at: level).denoised, linear = gaussian.prediction(x, at: level).denoised
      found.append(
        source == .data
          ? try zip(Self.squares(clean, linear), Self.squares(clean, own)).map { $0 - $1 }
          : try Self.squares(linear, own))
    }
    for place in levels.indices { differences[place] += found[place] }
    return true
  }

  private static func squares(_ a: Tensor, _ b: Tensor) throws -> [Double] {
    try Tensor.combination([(1, a), (-1, b.reshaped(a.shape))]).rowSquares().values().map(Double.init)
  }

  /// The curve of all draws so far, at least two.
  public func curve(statistics: GaussianStatistics) -> DenoisingCurve {
    let count = Double(draws)
    let found = zip(levels, differences).map { level, values in
      let mean = values.reduce(0, +) / count
      let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (count - 1)
      let ratio = level.signalToNoise
      return DenoisingCurve.Level(
        step: Int(level.timestep.rounded()), signalToNoise: ratio,
        linearError: statistics.linearError(signalToNoise: ratio), difference: mean,
        standardError: (variance / count).squareRoot())
    }
    return DenoisingCurve(levels: found, source: source)
  }
}

extension NoiseLevel {
  /// `g = alpha^2 / sigma^2`; infinite without noise.
  public var signalToNoise: Double { alpha * alpha / (sigma * sigma) }
}

extension GaussianStatistics {
  /// The mean squared error of the best linear estimate of clean data, summed over the values of a sample.
  ///
  /// ```
  /// sum over directions of l / (1 + g l)
  /// ```
  ///
  /// - Parameter ratio: `g = alpha^2 / sigma^2`, not negative.
  public func linearError(signalToNoise ratio: Double) -> Double {
    eigenvalues.reduce(Double(dimension - eigenvalues.count) * remainder / (1 + ratio * remainder)) {
      $0 + $1 / (1 + ratio * $1)
    }
  }
}

extension NoiseSchedule {
  /// The training steps nearest to so many levels evenly spaced in the logarithm of the signal-to-noise ratio, most noise first.
  ///
  /// From the last step at which something of the data is left to the first with a ratio of `detail` or more. Fewer where several fall
  /// on one step.
  public func levels(_ count: Int, detail: Double) -> [NoiseLevel] {
    let ratios = (0..<self.count).map { level(at: $0).signalToNoise }
    guard let top = ratios.lastIndex(where: { $0 > 0 }) else { return [] }
    let bottom = ratios.lastIndex { $0 >= detail } ?? 0
    let (low, high) = (log(ratios[top]), log(min(ratios[bottom], .greatestFiniteMagnitude)))
    var steps: [Int] = []
    for place in 0..<count {
      let target = low + (high - low) * Double(place) / Double(max(1, count - 1))
      guard let step = (bottom...top).min(by: { abs(log(ratios[$0]) - target) < abs(log(ratios[$1]) - target) }) else {
        continue
      }
      if steps.last != step, steps.last.map({ ratios[step] > ratios[$0] }) ?? true { steps.append(step) }
    }
    return steps.map { level(at: $0) }
  }
}
