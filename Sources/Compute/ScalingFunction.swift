/// A factor that is a function of a value: `factor * g(scale * y)`.
///
/// ```
/// exponential:   factor * exp(scale * y)
/// squareRoot:    factor * sqrt(max(0, scale * y))
/// ```
public struct ScalingFunction: Sendable, Hashable {
  /// The function of one number.
  public enum Kind: String, Sendable, Hashable, CaseIterable {
    /// `exp(y)`, as for half the logarithm of a variance.
    case exponential
    /// `sqrt(max(0, y))`, as for a variance itself; NaN stays NaN.
    case squareRoot
  }

  /// The function of one number.
  public let kind: Kind
  /// What its argument is multiplied by.
  public let scale: Float
  /// What its value is multiplied by.
  public let factor: Float

  /// A function with its scales.
  public init(_ kind: Kind, scale: Float = 1, factor: Float = 1) {
    self.kind = kind
    self.scale = scale
    self.factor = factor
  }
}
