/// How far results may lie from the oracle's, and why.
///
/// A sum of n terms in arithmetic of relative precision epsilon = 2^-23 errs by a random walk of n roundings: its typical
/// error is sqrt(n) epsilon times the size of the sum. So the bound is
///
/// ```
/// bound = factor * sqrt(n) * epsilon
/// ```
///
/// with n the terms of the longest chain of sums that makes one value, and a small factor: 4 for what is summed as it is
/// written (the largest of many errors lies within four of their standard deviations), more only where a case says why.
/// Two measures must both stay below it: the root of the normalised mean-square error, and the largest absolute error over
/// the largest absolute value. A wrong term in a single place moves the second, a small systematic error the first.
public struct Tolerance: Sendable, Hashable {
  /// The largest allowed error, relative to the largest value unless it is absolute.
  public let bound: Double
  /// Whether the bound is one of absolute errors.
  public let isAbsolute: Bool
  /// Why the bound is what it is.
  public let reason: String

  /// A bound with a reason of its own.
  public init(bound: Double, isAbsolute: Bool = false, reason: String) {
    self.bound = bound
    self.isAbsolute = isAbsolute
    self.reason = reason
  }

  /// The bound of sums of `terms` terms.
  public static func sums(of terms: Int, factor: Double = 4, reason: String? = nil) -> Self {
    .init(
      bound: factor * Double(terms).squareRoot() * Double(Float.ulpOfOne),
      reason: reason ?? "sums of \(terms) terms")
  }

  /// No error at all: values are only moved.
  public static let exact = Tolerance(bound: 0, reason: "values are only moved")
}
