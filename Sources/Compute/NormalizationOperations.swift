/// How a group normalisation is done.
public struct GroupNormalization {
  /// Groups of neighbouring channels; divides the channels.
  public var groups: Int
  /// Added to the variance.
  public var epsilon: Float
  /// The factor of each channel, `[channels]`.
  public var gamma: Parameter
  /// The addend of each channel, `[channels]`.
  public var beta: Parameter

  /// A normalisation with learned factor and addend.
  public init(groups: Int, epsilon: Float, gamma: Parameter, beta: Parameter) {
    self.groups = groups
    self.epsilon = epsilon
    self.gamma = gamma
    self.beta = beta
  }
}

/// Normalisations of activations.
public protocol NormalizationOperations: AnyObject {
  /// Group normalisation (Wu and He 2018), then an optional scale and shift a sample, then a function.
  ///
  /// ```
  /// n   = gamma[c] * (x - mean[b, g]) / sqrt(variance[b, g] + epsilon) + beta[c]
  /// out = f(n * (1 + s[b, c]) + t[b, c])
  /// ```
  ///
  /// Mean and (biased) variance are taken over the pixels and channels of group `g` of sample `b`; groups may straddle
  /// the seam of a pair.
  ///
  /// - Parameters:
  ///   - operand: One activation or a pair; the result is one activation with the channels of both.
  ///   - normalization: Groups, epsilon, gamma and beta.
  ///   - scaleShift: `[batch, 2 * channels, 1, 1]`: first all `s`, then all `t`; nil for neither.
  ///   - function: `f`.
  ///   - destination: May be the operand if that is a single activation.
  func normalizeGroups(
    _ operand: Operand, _ normalization: GroupNormalization, scaleShift: Activation?, _ function: Nonlinearity,
    into destination: Activation)
}
