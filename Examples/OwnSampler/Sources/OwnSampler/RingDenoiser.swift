import Diffusion
import Foundation
import Tensors

/// The exact denoiser of eight Gaussians on the unit circle.
///
/// ```
/// p(x0) = mean over k of N(c_k, variance * I)             s^2 = sigma^2 + alpha^2 * variance
/// E[x0 | x] = sum over k of p_k (c_k + (alpha * variance / s^2) (x - alpha c_k))
/// p = softmax over k of -|x - alpha c_k|^2 / (2 s^2)
/// ```
struct RingDenoiser: Denoiser {
  let centres = (0..<8).map { SIMD2(cos(.pi * Double($0) / 4), sin(.pi * Double($0) / 4)) }
  let variance = 0.01

  /// The posterior mean of every row, computed on the host: a denoiser may do what it likes.
  func prediction(_ x: Tensor, at level: NoiseLevel) throws -> Prediction {
    let values = try x.values().map(Double.init)
    let means = stride(from: 0, to: values.count, by: 2).map { mean(SIMD2(values[$0], values[$0 + 1]), level) }
    let output = Tensor(means.flatMap { [Float($0.x), Float($0.y)] }, shape: x.shape, on: x.backend)
    return Prediction(x: x, level: level, output: output, type: .sample)
  }

  private func mean(_ x: SIMD2<Double>, _ level: NoiseLevel) -> SIMD2<Double> {
    let spread = level.sigma * level.sigma + level.alpha * level.alpha * variance
    let offsets = centres.map { x - level.alpha * $0 }
    let distances = offsets.map { ($0 * $0).sum() / (2 * spread) }
    let nearest = distances.min() ?? 0
    let weights = distances.map { exp(nearest - $0) }
    let share = level.alpha * variance / spread
    let sum = zip(weights, zip(centres, offsets)).map { $0 * ($1.0 + share * $1.1) }.reduce(.zero, +)
    return sum / weights.reduce(0, +)
  }
}
