/// A Gaussian to which many Frechet distances are taken, its root being computed once.
public struct FrechetReference: Sendable {
  private let mean: [Double]
  private let root: SymmetricMatrix
  private let trace: Double

  /// A reference from moments.
  public init(_ moments: Moments) {
    mean = moments.mean
    root = moments.covariance { max(0, $0).squareRoot() }
    trace = moments.totalVariance
  }

  /// A reference from a mean and a covariance.
  public init(mean: [Double], covariance: SymmetricMatrix) {
    precondition(mean.count == covariance.order, "a mean of \(mean.count), a covariance of \(covariance.order)")
    self.mean = mean
    root = covariance.squareRoot()
    trace = covariance.trace
  }

  /// The Frechet distance of a Gaussian, see ``frechetDistance(_:_:)``; `O(dimension^3)`.
  public func distance(mean other: [Double], covariance: SymmetricMatrix) -> Double {
    let shift = zip(mean, other).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
    let overlap = covariance.sandwiched(by: root).eigenvalues().reduce(0) { $0 + max(0, $1).squareRoot() }
    return max(0, shift + trace + covariance.trace - 2 * overlap)
  }

  /// The derivative of the distance by the other Gaussian: `g` and `G` in `d' = 2 g . dm + Tr(G dC)`.
  ///
  /// ```
  /// g = m - m_ref        G = I - R (R C R)^-1/2 R        R = C_ref^1/2
  /// ```
  ///
  /// (Bhatia, Jain and Lim 2019.) Directions without variance are left out of the inverse.
  public func gradient(mean other: [Double], covariance: SymmetricMatrix) -> (
    linear: [Double], quadratic: SymmetricMatrix
  ) {
    let eigen = covariance.sandwiched(by: root).eigendecomposition(), largest = eigen.values.last ?? 0
    let inverse = eigen.recomposed { $0 > 1e-10 * largest ? 1 / $0.squareRoot() : 0 }.sandwiched(by: root)
    var gradient = SymmetricMatrix(order: covariance.order, diagonal: 1)
    for index in gradient.elements.indices { gradient.elements[index] -= inverse.elements[index] }
    return (zip(other, mean).map(-), gradient)
  }
}
