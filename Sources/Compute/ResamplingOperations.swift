/// Changes of size without weights.
public protocol ResamplingOperations: AnyObject {
  /// Halves height and width by the mean of each 2x2 block; odd last rows and columns are dropped.
  func downsample(_ source: FeatureMap, into destination: FeatureMap)

  /// Doubles height and width by repeating each pixel (nearest neighbour).
  func upsample(_ source: FeatureMap, into destination: FeatureMap)

  /// Takes the largest value or the mean of a window around each pixel; see ``PoolingShape`` for the formula.
  ///
  /// A NaN in a window makes its result one.
  func poolWindows(_ source: FeatureMap, _ shape: PoolingShape, into destination: FeatureMap)

  /// Moves pixels apart and puts zeros between them: `out[b, c, stride * y, stride * x] = in[b, c, y, x]`.
  ///
  /// The gradient of a convolution's input is a convolution of its result's gradient, moved apart by the stride. The
  /// destination is at least `stride * (height - 1) + 1` rows high, and wide likewise; what lies further out is zero.
  func dilate(_ source: FeatureMap, by stride: Int, into destination: FeatureMap)
}
