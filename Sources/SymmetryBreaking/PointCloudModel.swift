public import Compute
public import Diffusion
import HostMath

/// Finitely many points of equal weight and norm around the origin, a small data set centred and normalised.
///
/// Raya and Ambrogioni (2023), section on normalised data sets.
public struct PointCloudModel: CentredEqualNormModel, Sendable, Hashable {
  /// The points, of equal dimension.
  public let points: [[Double]]
  /// The largest eigenvalue of `sum over j of y_j y_j^T / N`.
  public let leadingVariance: Double

  /// A cloud of points.
  ///
  /// - Parameter points: At least two; their mean is zero and their norms are equal within a millionth of the norm.
  public init(_ points: [[Double]]) {
    let dimension = points.first?.count ?? 0
    precondition(
      points.count > 1 && dimension > 0 && points.allSatisfy { $0.count == dimension },
      "a cloud has at least two points of equal dimension")
    let norms = points.map { length(of: $0) }
    let tolerance = 1e-6 * norms[0]
    precondition(norms.allSatisfy { abs($0 - norms[0]) <= tolerance }, "the points' norms differ: \(norms)")
    let sums = (0..<dimension).map { axis in points.reduce(0) { $0 + $1[axis] } }
    precondition(sums.allSatisfy { abs($0) <= tolerance * Double(points.count) }, "the points' mean is not zero")
    self.points = points
    self.leadingVariance = Self.leadingVariance(points)
  }

  /// The exact denoiser.
  public func denoiser(on backend: any Backend) -> GaussianMixtureDenoiser {
    .init(centres: points.flatMap { $0.map { Float($0) } }, dimension: points[0].count, on: backend)
  }

  /// By way of the matrix of inner products where that is smaller: its eigenvalues other than zero are the same.
  private static func leadingVariance(_ points: [[Double]]) -> Double {
    let axes = points[0].indices.map { axis in points.map { $0[axis] } }
    let rows = points.count < axes.count ? points : axes
    let products = rows.flatMap { row in rows.map { product(row, $0) / Double(points.count) } }
    return SymmetricMatrix(order: rows.count, elements: products).eigenvalues().last ?? 0
  }
}
