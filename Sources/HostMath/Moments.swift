/// Mean and covariance of rows of numbers, as an eigenbasis and what lies outside it.
///
/// ```
/// C = sum over k of eigenvalues[k] u_k u_k^T + remainder * (I - sum over k of u_k u_k^T)
/// ```
///
/// With all directions in the basis it is the covariance itself; with fewer, the variance outside the basis is spread evenly.
public struct Moments: Sendable, Hashable {
  /// Rows that were seen.
  public let count: Int
  /// The mean, `[dimension]`.
  public let mean: [Double]
  /// Orthonormal directions, one a row, those of most variance first: `[rank, dimension]`.
  public let basis: [Double]
  /// The variance along each direction, descending.
  public let eigenvalues: [Double]
  /// The variance along every other direction.
  public let remainder: Double

  /// Moments from their parts.
  public init(count: Int, mean: [Double], basis: [Double], eigenvalues: [Double], remainder: Double) {
    precondition(
      eigenvalues.count <= mean.count && basis.count == eigenvalues.count * mean.count,
      "\(eigenvalues.count) eigenvalues and \(basis.count) values of a basis for \(mean.count) dimensions")
    self.count = count
    self.mean = mean
    self.basis = basis
    self.eigenvalues = eigenvalues
    self.remainder = remainder
  }

  /// Moments from a mean and a covariance.
  ///
  /// Eigenvalues that rounding made negative count as zero. Costs `O(dimension^3)`.
  public init(count: Int, mean: [Double], covariance: SymmetricMatrix) {
    precondition(mean.count == covariance.order, "a mean of \(mean.count), a covariance of \(covariance.order)")
    let eigen = covariance.eigendecomposition(), order = mean.count
    let basis = (0..<order).reversed().flatMap { eigen.vectors[$0 * order..<($0 + 1) * order] }
    self.init(
      count: count, mean: mean, basis: basis, eigenvalues: eigen.values.reversed().map { max(0, $0) }, remainder: 0)
  }

  /// Values of one row.
  public var dimension: Int { mean.count }

  /// Directions in the basis.
  public var rank: Int { eigenvalues.count }

  /// The whole variance: the covariance's trace.
  public var totalVariance: Double {
    eigenvalues.reduce(0, +) + remainder * Double(dimension - rank)
  }

  /// The part of the whole variance that lies outside the basis, where it is only known in sum; 0 to 1.
  public var shareOutside: Double {
    let total = totalVariance
    return total > 0 ? remainder * Double(dimension - rank) / total : 0
  }

  /// The same moments with at most `rank` directions, the variance of the others spread evenly.
  public func truncated(toRank rank: Int) -> Moments {
    guard rank < self.rank else { return self }
    let outside = totalVariance - eigenvalues[..<rank].reduce(0, +)
    return Moments(
      count: count, mean: mean, basis: Array(basis[..<(rank * dimension)]), eigenvalues: Array(eigenvalues[..<rank]),
      remainder: outside / Double(dimension - rank))
  }

  /// The covariance as a dense matrix, with its eigenvalues transformed: the square root for `transform` = square root.
  public func covariance(_ transform: (Double) -> Double = { $0 }) -> SymmetricMatrix {
    let outside = rank < dimension ? transform(remainder) : 0
    var result = SymmetricMatrix(order: dimension, diagonal: outside)
    var scaled = basis
    for row in 0..<rank {
      let factor = transform(eigenvalues[row]) - outside
      for column in 0..<dimension { scaled[row * dimension + column] *= factor }
    }
    if rank > 0 { addProduct(transposed: basis, scaled, rows: rank, columns: dimension, to: &result.elements) }
    return result
  }
}
