/// The Frechet distance between two Gaussians, the squared 2-Wasserstein distance (Dowson and Landau 1982).
///
/// ```
/// d = |m1 - m2|^2 + Tr(C1) + Tr(C2) - 2 Tr((C1^1/2 C2 C1^1/2)^1/2)
/// ```
///
/// The last trace is the sum of the square roots of eigenvalues of a symmetric matrix, so that it is never imaginary. Costs
/// `O(dimension^3)`. With estimated moments it is biased upwards, by about `Tr(C)` times `dimension / (4 count)`; compare
/// distances at equal counts only.
public func frechetDistance(_ first: Moments, _ second: Moments) -> Double {
  precondition(first.dimension == second.dimension, "moments of \(first.dimension) and \(second.dimension) dimensions")
  let shift = zip(first.mean, second.mean).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
  let root = first.covariance { max(0, $0).squareRoot() }
  let cross = second.covariance().sandwiched(by: root).eigenvalues().reduce(0) { $0 + max(0, $1).squareRoot() }
  return shift + first.totalVariance + second.totalVariance - 2 * cross
}
