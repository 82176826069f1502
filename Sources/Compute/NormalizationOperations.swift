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

/// Where the gradients of a group normalisation go.
public struct NormalizationGradient {
  /// The gradient of the operand's first activation.
  public var first: FeatureMap
  /// Whether it is added to what `first` holds.
  public var addsToFirst: Bool
  /// The gradient of the operand's second activation, if it is a pair.
  public var second: FeatureMap?
  /// Whether it is added to what `second` holds.
  public var addsToSecond: Bool
  /// The gradient of gamma, `[channels]`, summed over the batch; overwritten.
  public var gamma: Buffer
  /// The gradient of beta, `[channels]`, summed over the batch; overwritten.
  public var beta: Buffer
  /// The gradient of scale and shift, `[batch, 2 * channels, 1, 1]`, if there are any; overwritten.
  public var scaleShift: FeatureMap?

  /// Destinations; activations are overwritten unless they are to be added to.
  public init(
    first: FeatureMap, addsToFirst: Bool = false, second: FeatureMap? = nil, addsToSecond: Bool = false,
    gamma: Buffer, beta: Buffer, scaleShift: FeatureMap? = nil
  ) {
    self.first = first
    self.addsToFirst = addsToFirst
    self.second = second
    self.addsToSecond = addsToSecond
    self.gamma = gamma
    self.beta = beta
    self.scaleShift = scaleShift
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
    _ operand: Operand, _ normalization: GroupNormalization, scaleShift: FeatureMap?, _ function: Nonlinearity,
    into destination: FeatureMap)

  /// The gradients of ``normalizeGroups(_:_:scaleShift:_:into:)``.
  ///
  /// With `x' = (x - mean) / deviation`, `h = f'(...) * g` and `k = h * (1 + s) * gamma`:
  ///
  /// ```
  /// d x[b, c, p] = (k - mean over the group of k - x' * mean over the group of k x') / deviation
  /// d gamma[c]   = sum over b, p of h (1 + s) x'      d beta[c] = sum over b, p of h (1 + s)
  /// d s[b, c]    = sum over p of h (gamma x' + beta)  d t[b, c] = sum over p of h
  /// ```
  ///
  /// - Parameters:
  ///   - operand: What the normalisation read; nothing else of it is needed, its statistics are taken again.
  ///   - normalization: Groups, epsilon, gamma and beta.
  ///   - scaleShift: As the normalisation had it.
  ///   - function: `f`.
  ///   - gradient: `g`, the gradient of the result; may be `first` of a single operand if that is not added to.
  ///   - destinations: Where the gradients go.
  func normalizeGroupsGradient(
    _ operand: Operand, _ normalization: GroupNormalization, scaleShift: FeatureMap?, _ function: Nonlinearity,
    gradient: FeatureMap, into destinations: NormalizationGradient)
}

extension GroupNormalization {
  /// Stops the program if the normalisation or what goes with it does not fit an operand of this shape.
  package func check(_ shape: FeatureMapShape, scaleShift: FeatureMap?, _ destination: FeatureMap? = nil) {
    if let destination { precondition(destination.shape == shape, "\(destination.shape) is not \(shape)") }
    precondition(
      groups > 0 && shape.channels % groups == 0, "\(groups) groups do not share \(shape.channels) channels")
    precondition(
      gamma.count == shape.channels && beta.count == shape.channels,
      "gamma and beta have one value for each of \(shape.channels) channels")
    precondition(
      scaleShift.map { $0.shape == .init(batch: shape.batch, channels: 2 * shape.channels) } ?? true,
      "scale and shift do not belong to \(shape)")
  }
}

extension NormalizationGradient {
  /// Stops the program if a destination does not fit what it is the gradient of.
  package func check(_ operand: Operand, scaleShift: FeatureMap?, gradient: FeatureMap) {
    let shape = operand.shape
    precondition(gradient.shape == shape, "\(gradient.shape) is not \(shape)")
    precondition(
      first.shape == operand.first.shape && second?.shape == operand.second?.shape,
      "the gradients have the shapes of the operands")
    precondition(
      self.scaleShift?.shape == scaleShift?.shape, "scale and shift have a gradient if they are there")
    precondition(
      gamma.count == shape.channels && beta.count == shape.channels,
      "the gradients of gamma and beta have one value for each of \(shape.channels) channels")
  }
}
