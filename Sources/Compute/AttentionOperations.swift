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
  func attend(_ projections: Activation, heads: Int, into destination: Activation)
}
