import Diffusion
import Foundation
import Tensors

/// Independent Gaussian values of one mean, `[rows, variances]`: their exact denoiser and flow.
struct GaussianFlow: Denoiser {
  let mean: Double
  let variances: [Double]
  let type: PredictionType

  func prediction(_ x: Tensor, at level: NoiseLevel) throws -> Prediction {
    let ones = Tensor([Float](repeating: 1, count: x.count), shape: x.shape, on: x.backend)
    let gains = variances.map { level.alpha * $0 / variance($0, level) }
    // In Double throughout: one column at a time, the others masked out.
    var terms: [(Double, Tensor)] = []
    for (column, gain) in gains.enumerated() {
      let mask = (0..<x.count).map { Float($0 % variances.count == column ? 1 : 0) }
      let columnOfX = x.reshaped([x.count, 1]).scaledRows(by: mask).reshaped(x.shape)
      let columnOfOnes = ones.reshaped([x.count, 1]).scaledRows(by: mask).reshaped(x.shape)
      terms += [(gain, columnOfX), (mean * (1 - gain * level.alpha), columnOfOnes)]
    }
    let clean = Tensor.combination(terms)
    let noise = Tensor.combination([(1 / level.sigma, x), (-level.alpha / level.sigma, clean)])
    let output =
      switch type {
      case .epsilon: noise
      case .sample: clean
      case .velocity: Tensor.combination([(level.alpha, noise), (-level.sigma, clean)])
      }
    return Prediction(x: x, level: level, output: output, type: type)
  }

  /// `mean' + sqrt(variance' / variance) (x - mean)` of each value.
  func flowed(_ x: [Double], from: NoiseLevel, to: NoiseLevel) -> [Double] {
    zip(x, variances).map { value, clean in
      to.alpha * mean + (variance(clean, to) / variance(clean, from)).squareRoot() * (value - from.alpha * mean)
    }
  }

  /// The variance of a value at a level.
  func variance(_ clean: Double, _ level: NoiseLevel) -> Double {
    level.alpha * level.alpha * clean + level.sigma * level.sigma
  }
}
