import Diffusion
import Foundation
import Tensors

/// The small denoiser of `Tests/Fixtures/samplers/make_sampler_cases.py`: near the posterior mean of Gaussian data, bent
/// a little, with a variance of its own where a network would have one.
struct ClosedFormDenoiser: Denoiser {
  let trainingSteps: Int
  let type: Parametrization
  /// What is added to the second half of the channels, or nil where there is none.
  var varianceOffset: Double?

  func prediction(_ x: Tensor, at level: NoiseLevel) throws -> Prediction {
    let values = try x.values().map { Double($0) }
    let rowCount = values.count / x.rows
    let u = min(max((level.timestep + 1) / Double(trainingSteps), 1e-3), 1)
    let a = exp(-(0.05 * u + 4.975 * u * u))
    let s = (1 - a * a).squareRoot()
    let means = values.indices.map { output(values[$0], mean: 0.3 * sin(0.7 * Double($0 % rowCount)), a, s) }
    guard let varianceOffset else {
      return Prediction(x: x, level: level, output: Tensor(means, shape: x.shape, on: x.backend), parametrization: type)
    }
    let variances = values.map { Float(0.5 * sin(5 * $0) + varianceOffset) }
    var joined: [Float] = []
    for row in 0..<x.rows {
      let range = row * rowCount..<(row + 1) * rowCount
      joined += means[range]
      joined += variances[range]
    }
    var shape = x.shape
    shape[1] *= 2
    return Prediction(x: x, level: level, output: Tensor(joined, shape: shape, on: x.backend), parametrization: type)
  }

  private func output(_ x: Double, mean: Double, _ a: Double, _ s: Double) -> Float {
    let linear = mean + a * 0.25 / (a * a * 0.25 + s * s) * (x - a * mean)
    let clean = linear + 0.1 * sin(3 * linear)
    let noise = (x - a * clean) / s
    return switch type {
    case .epsilon: Float(noise)
    case .sample: Float(clean)
    default: Float(a * noise - s * clean)
    }
  }
}
