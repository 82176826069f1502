/// Changes of size without weights.
public protocol ResamplingOperations: AnyObject {
  /// Halves height and width by the mean of each 2x2 block; odd last rows and columns are dropped.
  func halve(_ source: Activation, into destination: Activation)

  /// Doubles height and width by repeating each pixel (nearest neighbour).
  func double(_ source: Activation, into destination: Activation)

  /// Moves pixels apart and puts zeros between them: `out[b, c, stride * y, stride * x] = in[b, c, y, x]`.
  ///
  /// The gradient of a convolution's input is a convolution of its result's gradient, moved apart by the stride. The
  /// destination is at least `stride * (height - 1) + 1` rows high, and wide likewise; what lies further out is zero.
  func spread(_ source: Activation, by stride: Int, into destination: Activation)
}
