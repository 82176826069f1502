/// The Frechet distance between two Gaussians, the squared 2-Wasserstein distance (Dowson and Landau 1982).
///
/// ```
/// d = |m1 - m2|^2 + Tr(C1) + Tr(C2) - 2 Tr((C1^1/2 C2 C1^1/2)^1/2)
/// ```
///
/// The last trace is the sum of the square roots of eigenvalues of a symmetric matrix, so that it is never imaginary. Costs
/// `O(dimension^3)`, or `O(dimension * rank^2)` where both bases together leave directions out: those have the variances'
/// remainders in both, so that the rest is a matrix over the joint span. With estimated moments it is biased upwards, see
/// ``Moments/frechetBias(count:)``; compare distances at equal counts only.
public func frechetDistance(_ first: Moments, _ second: Moments) -> Double {
  precondition(first.dimension == second.dimension, "moments of \(first.dimension) and \(second.dimension) dimensions")
  let shift = zip(first.mean, second.mean).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
  let (a, b) = first.rank + second.rank < first.dimension ? onJointSpan(first, second) : (first, second)
  let root = a.covariance { max(0, $0).squareRoot() }
  let inside = b.covariance().sandwiched(by: root).eigenvalues().reduce(0) { $0 + max(0, $1).squareRoot() }
  let outside = Double(first.dimension - a.dimension) * (first.remainder * second.remainder).squareRoot()
  // Rounding leaves a little less than nothing between equal Gaussians.
  return max(0, shift + first.totalVariance + second.totalVariance - 2 * (inside + outside))
}

/// Two covariances in the coordinates of an orthonormal basis of all directions of both; the means are left out.
private func onJointSpan(_ first: Moments, _ second: Moments) -> (Moments, Moments) {
  let dimension = first.dimension
  var rest = second.basis
  _ = remove(first.basis, count: first.rank, from: &rest, rows: second.rank, dimension: dimension)
  let joint = first.basis + orthonormalBasis(of: rest, rows: second.rank, dimension: dimension)
  let order = max(1, joint.count / dimension)
  func coordinates(_ moments: Moments) -> Moments {
    let basis =
      moments.rank > 0
      ? product(moments.basis, transposed: joint, rows: moments.rank, columns: order, inner: dimension) : []
    return Moments(
      count: moments.count, mean: .init(repeating: 0, count: order), basis: basis, eigenvalues: moments.eigenvalues,
      remainder: moments.remainder)
  }
  return (coordinates(first), coordinates(second))
}

extension Moments {
  /// The Frechet distance to this Gaussian that `count` samples of itself are expected to show, to first order in `1 / count`.
  ///
  /// ```
  /// bias = (Tr C + sum over i, j of (1 + delta_ij) l_i l_j / (2 (l_i + l_j))) / count
  /// ```
  ///
  /// The first term is the variance of the mean. The second is the Bures metric at `C` (Bhatia, Jain and Lim 2019) of the
  /// fluctuations of a sampled covariance, whose variances are `(1 + delta_ij) l_i l_j / count`; a good guide once `count` is several times
  /// the dimension, an overestimate below. Costs `O(rank^2)`.
  public func frechetBias(count: Int) -> Double {
    precondition(count > 0, "a bias of at least one sample")
    func term(_ a: Double, _ b: Double) -> Double { a + b > 0 ? a * b / (2 * (a + b)) : 0 }
    let others = Double(dimension - rank)
    var sum = totalVariance + others * (others + 1) * term(remainder, remainder)
    for (index, value) in eigenvalues.enumerated() {
      sum += 2 * term(value, value) + 2 * others * term(value, remainder)
      for other in eigenvalues[..<index] { sum += 2 * term(value, other) }
    }
    return sum / Double(count)
  }
}
