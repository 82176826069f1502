import Compute
import Conformance
import Diffusion
import Foundation
import Tensors

/// The slope of the logarithm of an error against that of the number of steps.
func logarithmicSlope(_ counts: [Int], error: (Int) throws -> Double) rethrows -> Double {
  let points = try counts.map { (log(Double($0)), log(try error($0))) }
  let meanX = points.map(\.0).reduce(0, +) / Double(points.count)
  let meanY = points.map(\.1).reduce(0, +) / Double(points.count)
  let covariance = points.map { ($0.0 - meanX) * ($0.1 - meanY) }.reduce(0, +)
  return covariance / points.map { ($0.0 - meanX) * ($0.0 - meanX) }.reduce(0, +)
}

/// The error of a method that follows the flow, on a Gaussian with three different variances, whose flow is known.
struct FlowError {
  let type: PredictionType
  private let backend = ReferenceBackend()

  init(type: PredictionType = .epsilon) {
    self.type = type
  }

  /// The slope of the logarithm of the error against that of the number of steps, between levels evenly spaced in the
  /// logarithm of the noise-to-signal ratio, with the history that a multistep method has in the middle of a run.
  func slope(of sampler: any Sampler, steps counts: [Int]) throws -> Double {
    try logarithmicSlope(counts) { try error(of: sampler, steps: $0) }
  }

  private func error(of sampler: any Sampler, steps count: Int) throws -> Double {
    let flow = GaussianFlow(mean: 0.4, variances: [0.09, 0.5, 1.7], type: type)
    let history = 6
    let levels = (-history...count).map { index in
      NoiseLevel(karrasSigma: 2.5 * pow(0.4 / 2.5, Double(index) / Double(count)), timestep: 0)
    }
    let start = levels[history]
    let exact = { (level: NoiseLevel) in flow.flowed([0.3, -0.8, 1.1], from: start, to: level) }
    let exactState = { (level: NoiseLevel) in
      // A sum of parts that 32 bits hold, so that the start is right in 64.
      let coarse = exact(level).map { Float($0) }
      let fine = zip(exact(level), coarse).map { Float($0 - Double($1)) }
      let parts = [coarse, fine].map { (1.0, Tensor($0, shape: [1, 3], on: backend)) }
      return Tensor.combination(parts)
    }
    let plan = SamplingPlan(levels: levels, sampler: sampler)
    let noise = StepNoise(RecordedNoise(initial: exactState(start)), step: 0)
    var state = SamplerState()
    var x = exactState(start)
    for step in plan.steps {
      // Before the start only the method's state is filled, along the exact flow.
      if step.index <= history { x = exactState(step.from) }
      x = try sampler.step(x, step, denoiser: flow, noise: noise, state: &state).x
    }
    let target = exact(levels[levels.count - 1])
    let coarse = Tensor(target.map { Float($0) }, shape: [1, 3], on: backend)
    let fine = Tensor(target.map { Float($0 - Double(Float($0))) }, shape: [1, 3], on: backend)
    return try Tensor.combination([(1, x), (-1, coarse), (-1, fine)]).values().map { Double(abs($0)) }.max() ?? 0
  }
}

/// The weak error of a method that adds noise, on a Gaussian with three different variances: that of the samples' means and
/// variances, without any sampling.
///
/// On Gaussian data every method is affine in its start and in the normals that it adds. A batch of one row for each of them
/// gives the factors, and from the factors follow the moments at the end exactly.
struct WeakError {
  private let flow = GaussianFlow(mean: 0.4, variances: [0.09, 0.5, 1.7], type: .epsilon)
  private let backend = ReferenceBackend()

  /// The slope of the logarithm of the error against that of the number of steps, between levels evenly spaced in the
  /// logarithm of sigma.
  func slope(of sampler: any Sampler, steps counts: [Int]) throws -> Double {
    try logarithmicSlope(counts) { try error(of: sampler, steps: $0) }
  }

  private func error(of sampler: any Sampler, steps count: Int) throws -> Double {
    let levels = (0...count).map { index in
      NoiseLevel(karrasSigma: 2.5 * pow(0.4 / 2.5, Double(index) / Double(count)), timestep: Double(count - index + 1))
    }
    // The first row has neither start nor noise, the second a start of one, the others one in the noise of one step.
    let rows = count + 2
    let noise = UnitNoise(rows: rows, columns: 3, on: backend)
    var run = try SamplingRun(
      SamplingPlan(levels: levels, sampler: sampler), sampler: sampler, denoiser: flow, noise: noise,
      from: noise.unit(row: 1))
    let values = try run.finish().values().map(Double.init)
    let (start, end) = (levels[0], levels[count])
    return flow.variances.enumerated().map { column, clean in
      let response = (0..<rows).map { values[3 * $0 + column] - values[column] }
      let mean = values[column] + response[1] * start.alpha * flow.mean
      let variance =
        response[1] * response[1] * flow.variance(clean, start) + response.dropFirst(2).reduce(0) { $0 + $1 * $1 }
      return max(abs(mean - end.alpha * flow.mean), abs(variance - flow.variance(clean, end)))
    }.max() ?? 0
  }
}

/// Ones in the row of each step and zeros elsewhere.
private final class UnitNoise: NoiseSource {
  private let rows: Int
  private let columns: Int
  private let backend: any Backend

  init(rows: Int, columns: Int, on backend: any Backend) {
    self.rows = rows
    self.columns = columns
    self.backend = backend
  }

  func unit(row: Int) -> Tensor {
    Tensor((0..<rows * columns).map { $0 / columns == row ? 1 : 0 }, shape: [rows, columns], on: backend)
  }

  func initialNoise() -> Tensor { unit(row: 1) }

  func stepNoise(step: Int, draw: Int) -> Tensor { unit(row: step + 2) }
}
