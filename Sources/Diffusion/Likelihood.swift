import Compute
import Foundation
public import Tensors

/// The exact likelihood of a model by its probability flow (Song and others 2021, equation 39).
///
/// In `y = x / alpha` and `s = ln r`, where `r` is Karras' sigma, the flow and the density along it are
///
/// ```
/// d y / d s = y - D(y)          d ln p(y) / d s = -(d - tr dD/dy)
/// ln p(y0) = ln p_T(y_T) + integral over s of (d - tr dD/dy)
/// ```
///
/// from the smallest sigma of the schedule to the largest, where `p_T` is the noise that samplers begin with. The trace is
/// Hutchinson's estimate, the mean of `v^T (dD/dy) v` over signs `v` (Grathwohl and others 2019), unbiased, or exact. What is
/// found is the density of data with the noise of the smallest sigma, at the data themselves.
public struct Likelihood: Sendable {
  /// How the trace of the derivative is had.
  public enum Trace: Sendable, Hashable {
    /// By so many vectors of random signs, kept along the flow; each costs a pass back.
    case estimated(probes: Int)
    /// By a pass back for each value of a sample: for small ones.
    case exact
  }

  /// The noise levels of the model's training.
  public let schedule: NoiseSchedule
  /// How the trace is had.
  public var trace: Trace
  /// The tolerance of the integration, relative and absolute.
  public var tolerance: Double

  /// The likelihood under a model of a schedule.
  public init(on schedule: NoiseSchedule, trace: Trace = .estimated(probes: 1), tolerance: Double = 1e-5) {
    self.schedule = schedule.withFiniteSigmas
    self.trace = trace
    self.tolerance = tolerance
  }

  /// What was found.
  public struct Result: Sendable, Hashable {
    /// The logarithm of the density of each row, in nats, of data in the model's range.
    public var logDensities: [Double]
    /// Evaluations of the denoiser for each row.
    public var evaluations: Int
    /// Passes back for each row.
    public var pullbacks: Int
  }

  /// The logarithms of the densities of some samples.
  ///
  /// - Parameters:
  ///   - samples: Clean data, rows being independent samples.
  ///   - seeds: One a row, of the random signs.
  ///   - denoiser: The model.
  ///   - shouldStop: Asked with the part of the flow that is done, 0 to 1, before every step.
  /// - Returns: The densities, or nil if it was stopped.
  /// - Throws: ``LikelihoodError`` if the integration does not come to an end, or what the denoiser throws.
  public func callAsFunction(
    of samples: Tensor, seeds: [UInt64], by denoiser: any DifferentiableDenoiser,
    shouldStop: (Double) -> Bool = { _ in false }
  ) throws -> Result? {
    precondition(seeds.count == samples.rows, "\(seeds.count) seeds for \(samples.rows) rows")
    let probes = try probes(samples, seeds: seeds), size = samples.count / samples.rows
    let ends = log(schedule.level(at: 0).karrasSigma)...log(schedule.level(at: schedule.last).karrasSigma)
    var evaluations = 0
    let start = FlowState(x: samples, q: .init(repeating: 0, count: samples.rows))
    let end = try DormandPrince(tolerance: tolerance).integrate(start, over: ends, shouldStop: shouldStop) { s, y in
      evaluations += 1
      let level = self.level(at: exp(s))
      let evaluated = try denoiser.differentiablePrediction(y.scaled(by: level.alpha), at: level)
      var traces = [Double](repeating: 0, count: y.rows)
      for probe in probes {
        let pulled = try evaluated.denoisedPullback(of: probe)
        for (row, product) in try Self.rowProducts(probe, pulled).enumerated() { traces[row] += product }
      }
      let scale = trace == .exact ? level.alpha : level.alpha / Double(probes.count)
      return FlowState(
        x: evaluated.prediction.noise.scaled(by: level.karrasSigma), q: traces.map { Double(size) - scale * $0 })
    }
    guard let end else { return nil }
    let priors = try logPriors(end.x)
    return Result(
      logDensities: zip(priors, end.q).map { $0 + $1 }, evaluations: evaluations,
      pullbacks: evaluations * probes.count)
  }

  private func level(at sigma: Double) -> NoiseLevel {
    NoiseLevel(karrasSigma: sigma, timestep: schedule.timestep(atKarrasSigma: sigma))
  }

  /// The logarithms of the prior's densities of `x / alpha` at the largest sigma.
  private func logPriors(_ y: Tensor) throws -> [Double] {
    let top = schedule.level(at: schedule.last), size = Double(y.count / y.rows)
    // Standard normals in `x`, and on a schedule of sigmas noise alone.
    let deviation = schedule.isVarianceExploding ? top.karrasSigma : 1 / top.alpha
    return try y.rowSquares().values().map { square in
      -0.5 * Double(square) / (deviation * deviation) - size * (0.5 * log(2 * Double.pi) + log(deviation))
    }
  }

  /// The vectors that the derivative is multiplied by, each of the samples' shape.
  private func probes(_ samples: Tensor, seeds: [UInt64]) throws -> [Tensor] {
    let size = samples.count / samples.rows
    switch trace {
    case .exact:
      return (0..<size).map { place in
        let values = (0..<samples.count).map { Float($0 % size == place ? 1 : 0) }
        return Tensor(values, shape: samples.shape, on: samples.backend)
      }
    case .estimated(let count):
      return try (0..<max(1, count)).map { probe in
        let normals = try Tensor.noise(
          Array(samples.shape.dropFirst()), seeds: seeds, key: NoiseKey(step: 0, draw: UInt32(probe)),
          on: samples.backend
        ).values()
        return Tensor(normals.map { $0 < 0 ? -1 : 1 }, shape: samples.shape, on: samples.backend)
      }
    }
  }

  /// The products of rows: `(|a + b|^2 - |a - b|^2) / 4`.
  private static func rowProducts(_ a: Tensor, _ b: Tensor) throws -> [Double] {
    let sums = try Tensor.combination([(1, a), (1, b)]).rowSquares().values()
    let differences = try Tensor.combination([(1, a), (-1, b)]).rowSquares().values()
    return zip(sums, differences).map { (Double($0) - Double($1)) / 4 }
  }
}

/// An integration of the flow that came to no end.
public enum LikelihoodError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The steps became too small.
  case tooManySteps(Int)
  /// Values were no numbers.
  case notFinite

  /// What is wrong and what would be right, in one line.
  public var description: String {
    switch self {
    case .tooManySteps(let count):
      "the flow is not followed within \(count) steps; a larger tolerance, or a model whose flow is smoother, is needed"
    case .notFinite: "the flow leads to values that are not finite; is the data in the model's range?"
    }
  }
}
