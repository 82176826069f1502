public import Compute
import Foundation
public import Tensors

/// The exact denoiser of a mixture of isotropic Gaussians; with variance zero, of a finite set of data.
///
/// ```
/// p(x0) = sum over k of w_k N(c_k, variance * I)          s^2 = sigma^2 + alpha^2 * variance
/// E[x0 | x] = (sigma^2 / s^2) sum over k of p_k c_k + (alpha * variance / s^2) x
/// p = softmax over k of ln w_k - |x - alpha c_k|^2 / (2 s^2)
/// ```
///
/// Two products of `rows x K x D` and one softmax an evaluation. Logits have the rounding of 32-bit products,
/// about `1e-7 |x| |c| / s^2`: far from the origin and almost without noise, equidistant centres are not told apart.
public struct GaussianMixtureDenoiser: Denoiser {
  /// The centres, `[K, D]`.
  public let centres: Tensor
  /// The variance of every component in every direction.
  public let variance: Double

  private let logWeights: [Double]
  private let squaredNorms: [Double]

  /// A mixture.
  ///
  /// - Parameters:
  ///   - centres: `[K, D]`, row-major.
  ///   - weights: `[K]`, positive, of any sum; nil for equal ones.
  ///   - dimension: `D`.
  ///   - variance: Not negative.
  ///   - backend: The device.
  public init(
    centres: [Float], weights: [Double]? = nil, dimension: Int, variance: Double = 0, on backend: any Backend
  ) {
    let count = centres.count / dimension
    let weights = weights ?? .init(repeating: 1, count: count)
    precondition(count > 0 && centres.count == count * dimension, "\(centres.count) values are no centres")
    precondition(weights.count == count && weights.allSatisfy { $0 > 0 }, "one positive weight a centre")
    precondition(variance >= 0, "a variance is not negative, got \(variance)")
    self.centres = Tensor(centres, shape: [count, dimension], on: backend)
    self.variance = variance
    self.logWeights = weights.map { log($0) }
    self.squaredNorms = (0..<count).map { row in
      centres[row * dimension..<(row + 1) * dimension].reduce(0) { $0 + Double($1) * Double($1) }
    }
  }

  /// The posterior mean of every row at a level.
  ///
  /// - Parameters:
  ///   - x: Rows of any shape that hold `D` values each.
  ///   - level: A level at which every component has some variance.
  public func prediction(_ x: Tensor, at level: NoiseLevel) -> Prediction {
    let spread = componentVariance(at: level)
    let rows = x.reshaped([x.rows, centres.shape[1]])
    let means = componentProbabilities(x, at: level).multiplied(by: centres)
    let output = Tensor.combination([
      (level.sigma * level.sigma / spread, means), (level.alpha * variance / spread, rows),
    ])
    return Prediction(x: x, level: level, output: output.reshaped(x.shape), type: .sample)
  }

  /// The probability of each component given each row, `[rows, K]`.
  public func componentProbabilities(_ x: Tensor, at level: NoiseLevel) -> Tensor {
    let spread = componentVariance(at: level)
    let (alpha, rows) = (level.alpha, x.reshaped([x.rows, centres.shape[1]]))
    // |x|^2 is the same for every component and cancels.
    let offsets = zip(logWeights, squaredNorms).map { Float($0 - alpha * alpha * $1 / (2 * spread)) }
    return rows.multiplied(by: centres, transposingOther: true)
      .softmaxed(scale: alpha / spread, offsets: Tensor(offsets, shape: [offsets.count], on: x.backend))
  }

  /// `s^2`, the variance of every component at a level.
  private func componentVariance(at level: NoiseLevel) -> Double {
    let spread = level.sigma * level.sigma + level.alpha * level.alpha * variance
    precondition(spread > 0, "points without noise have no posterior mean elsewhere")
    return spread
  }
}
