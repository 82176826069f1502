/// Attention between the pixels of an image.
public protocol AttentionOperations: AnyObject {
  /// Scaled dot-product attention (Vaswani et al. 2017, equation 1) over pixels, for each sample and head by itself.
  ///
  /// ```
  /// out_h = softmax(Q_h^T K_h / sqrt(d)) V_h,   d = channels / heads, tokens = height * width
  /// ```
  ///
  /// - Parameters:
  ///   - projections: `[batch, 3 * channels, height, width]`: queries, then keys, then values; head `h` owns channels
  ///     `h * d ..< (h + 1) * d` of each.
  ///   - heads: Divides the channels.
  ///   - destination: `[batch, channels, height, width]`.
  func attend(_ projections: FeatureMap, heads: Int, into destination: FeatureMap)

  /// The gradient of ``attend(_:heads:into:)`` with respect to its projections.
  ///
  /// With the weights `P = softmax(Q^T K / sqrt(d))`, taken again, and `G` the gradient of the result:
  ///
  /// ```
  /// dV = G P      dP = G^T V      dS = P * (dP - sum over keys of dP * P)
  /// dQ = K dS^T / sqrt(d)         dK = Q dS / sqrt(d)
  /// ```
  ///
  /// - Parameters:
  ///   - projections: What the attention read, `[batch, 3 * channels, height, width]`.
  ///   - heads: Divides the channels.
  ///   - gradient: `[batch, channels, height, width]`.
  ///   - destination: The gradient of the projections.
  func attendGradient(_ projections: FeatureMap, heads: Int, _ gradient: FeatureMap, into destination: FeatureMap)
}
