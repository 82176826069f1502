/// Changes of size without weights.
public protocol ResamplingOperations: AnyObject {
  /// Halves height and width by the mean of each 2x2 block; odd last rows and columns are dropped.
  func downsample(_ source: FeatureMap, into destination: FeatureMap)

  /// Doubles height and width by repeating each pixel (nearest neighbour).
  func upsample(_ source: FeatureMap, into destination: FeatureMap)

  /// Blurs each channel by the binomial filter of three pixels in both directions; zero outside of the image.
  ///
  /// ```
  /// out[b, c, y, x] = sum over r, s in -1, 0, 1 of w[r] w[s] in[b, c, y + r, x + s]        w = 1/4, 1/2, 1/4
  /// ```
  ///
  /// The destination is as large as the source; or larger by a pixel on every side, as far as the blur reaches; or smaller by one.
  /// It is its own gradient, and the larger and the smaller are each other's. After ``upsample(_:into:)``, and before ``downsample(_:into:)``, it makes the resampling by the
  /// filter 1, 3, 3, 1 of Karras et al. (2020) and of the score networks of Song et al. (2021), borders included.
  func blur(_ source: FeatureMap, into destination: FeatureMap)

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
