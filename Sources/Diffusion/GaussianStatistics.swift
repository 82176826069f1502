public import Compute
import Foundation
public import Tensors

/// The mean and covariance of clean data, on a device: the Gaussian approximation of the data.
///
/// ```
/// C = U diag(eigenvalues) U^T + remainder * (I - U U^T)
/// p(x at a level) ~ N(alpha * m, alpha^2 * C + sigma^2 * I)
/// ```
///
/// One eigenbasis serves every level. A basis of all directions is exact; a truncated one gives every direction outside
/// it the same variance, and costs `4 k D` bytes. The values live in the range of the model, [-1, 1] for images.
public struct GaussianStatistics {
  /// The mean `m`, `[1, D]`.
  public let mean: Tensor
  /// Orthonormal directions of the covariance, one a row: `[k, D]`; nil where there are none and all directions have the
  /// variance ``remainder``.
  public let basis: Tensor?
  /// The variances of the clean data along ``basis``, none negative.
  public let eigenvalues: [Double]
  /// The variance of the clean data in every direction outside ``basis``, not negative.
  public let remainder: Double
  /// `|m|^2`, kept on the host for ``divergence(at:)``.
  private let squaredMean: Double

  /// Statistics on a device.
  ///
  /// - Parameters:
  ///   - mean: `[D]`.
  ///   - basis: `[k, D]` row-major, its rows orthonormal, `0 <= k <= D`.
  ///   - eigenvalues: `[k]`; what rounding has made negative counts as zero.
  ///   - remainder: The variance outside the basis; of no effect if that is complete.
  ///   - backend: The device.
  public init(mean: [Float], basis: [Float], eigenvalues: [Double], remainder: Double, on backend: any Backend) {
    precondition(
      eigenvalues.count <= mean.count && basis.count == eigenvalues.count * mean.count,
      "\(eigenvalues.count) eigenvalues, \(basis.count) values of a basis and \(mean.count) of a mean do not agree")
    self.mean = Tensor(mean, shape: [1, mean.count], on: backend)
    self.basis =
      eigenvalues.isEmpty ? nil : Tensor(basis, shape: [eigenvalues.count, mean.count], on: backend)
    self.eigenvalues = eigenvalues.map { max(0, $0) }
    self.remainder = max(0, remainder)
    self.squaredMean = mean.reduce(0) { $0 + Double($1) * Double($1) }
  }

  /// Values of one sample, `D`.
  public var dimension: Int { mean.count }

  /// Variances along ``basis`` and outside it at a level: `alpha^2 * variance + sigma^2`.
  public func variances(at level: NoiseLevel) -> (along: [Double], outside: Double) {
    let (signal, noise) = (level.alpha * level.alpha, level.sigma * level.sigma)
    return (eigenvalues.map { signal * $0 + noise }, signal * remainder + noise)
  }

  /// How far the noisy data are from the standard normal that a late start from noise assumes, in nats.
  ///
  /// ```
  /// KL(N(alpha m, alpha^2 C + sigma^2 I) || N(0, I)) = (alpha^2 |m|^2 + sum over directions of (v - 1 - ln v)) / 2
  /// ```
  ///
  /// Infinite where a direction has no variance at all.
  public func divergence(at level: NoiseLevel) -> Double {
    let (along, outside) = variances(at: level)
    let excess = { (variance: Double) in variance - 1 - log(variance) }
    var sum = level.alpha * level.alpha * squaredMean + along.reduce(0) { $0 + excess($1) }
    if along.count < dimension { sum += Double(dimension - along.count) * excess(outside) }
    return sum / 2
  }
}

extension GaussianStatistics {
  /// A symmetric map with the eigenvectors of the covariance, between states less their means.
  ///
  /// ```
  /// y = target * m + G (x - origin * m),   G = outside * I + U diag(along - outside) U^T
  /// ```
  ///
  /// The map behind every Gaussian formula here: starts, flow and posterior mean. Costs two products of `rows x k x D` and
  /// memory for some rows.
  ///
  /// - Parameters:
  ///   - x: Rows of any shape that hold `D` values each; the result has the same shape.
  ///   - origin: The factor of the mean in `x`.
  ///   - target: The factor of the mean in the result.
  ///   - along: The factor of each direction of ``basis``.
  ///   - outside: The factor of every other direction.
  func mapped(
    _ x: Tensor, from origin: Double, to target: Double, along: [Double], outside: Double
  ) -> Tensor {
    precondition(x.count == x.rows * dimension, "\(x.shape) does not hold rows of \(dimension) values")
    let rows = x.reshaped([x.rows, dimension])
    let ones = Tensor([Float](repeating: 1, count: x.rows), shape: [x.rows, 1], on: x.backend)
    let means = ones.multiplied(by: mean)
    let centred = origin == 0 ? rows : Tensor.combination([(1, rows), (-origin, means)])
    let terms = [(outside, centred), (target, means)]
    guard let basis else { return Tensor.combination(terms).reshaped(x.shape) }
    // One row a direction, so that the factors go to these few values and not to a copy of the basis.
    let coordinates = basis.multiplied(by: centred, transposingOther: true)
    let scaled = coordinates.scaledRows(by: along.map { Float($0 - outside) })
    let corrections = scaled.multiplied(by: basis, transposingSelf: true)
    return Tensor.combination([(1, corrections)] + terms).reshaped(x.shape)
  }
}
