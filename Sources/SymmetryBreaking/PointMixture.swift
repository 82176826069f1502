public import Compute
public import Diffusion
import HostMath

/// Finitely many points of any weights and norms, each blurred by a Gaussian of one variance: the exact world of a small data set.
///
/// ```
/// p(x0) = sum over k of w_k N(y_k, variance * I)
/// m = sum over k of w_k y_k      C = sum over k of w_k (y_k - m)(y_k - m)^T + variance * I
/// ```
public struct PointMixture: Sendable, Hashable {
  /// The points, of equal dimension.
  public let points: [[Double]]
  /// The weights, which add up to one.
  public let weights: [Double]
  /// The variance around every point in every direction; zero for the points themselves.
  public let variance: Double

  /// A mixture.
  ///
  /// - Parameters:
  ///   - points: At least one, of equal dimension.
  ///   - weights: One positive number a point, of any sum; nil for equal ones.
  ///   - variance: Not negative.
  public init(points: [[Double]], weights: [Double]? = nil, variance: Double = 0) {
    let weights = weights ?? [Double](repeating: 1, count: points.count), sum = weights.reduce(0, +)
    let dimension = points.first?.count ?? 0
    precondition(dimension > 0 && points.allSatisfy { $0.count == dimension }, "points of equal dimension")
    precondition(weights.count == points.count && weights.allSatisfy { $0 > 0 }, "one positive weight a point")
    precondition(variance >= 0, "a variance is not negative, got \(variance)")
    self.points = points
    self.weights = weights.map { $0 / sum }
    self.variance = variance
  }

  /// Two equal points at -1 and 1 on a line; see ``TwoPointModel``.
  public static let twoPoints = PointMixture(points: [[1], [-1]])

  /// Values of a point.
  public var dimension: Int { points[0].count }

  /// The mean `m`.
  public var mean: [Double] {
    points[0].indices.map { axis in zip(weights, points).reduce(0) { $0 + $1.0 * $1.1[axis] } }
  }

  /// The exact denoiser.
  public func denoiser(on backend: any Backend) -> GaussianMixtureDenoiser {
    .init(
      centres: points.flatMap { $0.map { Float($0) } }, weights: weights, dimension: dimension, variance: variance,
      on: backend)
  }

  /// The Gaussian with the same mean and covariance.
  ///
  /// By way of the matrix of inner products where that is smaller: its eigenvalues other than zero are the same. Cost
  /// `min(K, D)^2 max(K, D)`.
  public func gaussian(on backend: any Backend) -> GaussianStatistics {
    let (variances, directions) = principalDirections
    return GaussianStatistics(
      mean: mean.map { Float($0) }, basis: directions.joined().map { Float($0) }, eigenvalues: variances,
      remainder: variance, on: backend)
  }

  /// The eigenvalues of the covariance, falling, and their unit vectors; every other direction has ``variance``.
  public var principalDirections: (variances: [Double], directions: [[Double]]) {
    let mean = mean, size = dimension
    let rows = zip(weights, points).map { weight, point in
      zip(point, mean).map { weight.squareRoot() * ($0 - $1) }
    }
    let (eigenvalues, basis) = Self.principalDirections(of: rows, dimension: size)
    return (
      eigenvalues.map { $0 + variance },
      eigenvalues.indices.map { place in Array(basis[place * size..<(place + 1) * size]) }
    )
  }

  /// Eigenvalues above rounding, descending, and eigenvectors of `sum over rows of a a^T`; at least one of each.
  private static func principalDirections(
    of rows: [[Double]], dimension: Int
  ) -> (eigenvalues: [Double], basis: [Double]) {
    let takesInnerProducts = rows.count < dimension
    let vectors = takesInnerProducts ? rows : (0..<dimension).map { axis in rows.map { $0[axis] } }
    let products = vectors.flatMap { a in vectors.map { b in product(a, b) } }
    let found = SymmetricMatrix(order: vectors.count, elements: products).eigendecomposition()
    let floor = 1e-12 * (found.values.last ?? 0)
    var eigenvalues: [Double] = []
    var basis: [Double] = []
    for place in found.values.indices.reversed() where found.values[place] > max(floor, 0) {
      let own = Array(found.vectors[place * vectors.count..<(place + 1) * vectors.count])
      eigenvalues.append(found.values[place])
      guard takesInnerProducts else {
        basis += own
        continue
      }
      let length = found.values[place].squareRoot()
      basis += (0..<dimension).map { axis in product(own, rows.map { $0[axis] }) / length }
    }
    guard eigenvalues.isEmpty else { return (eigenvalues, basis) }
    return ([0], (0..<dimension).map { $0 == 0 ? 1 : 0 })
  }
}
