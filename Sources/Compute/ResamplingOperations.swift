/// Changes of size without weights.
public protocol ResamplingOperations: AnyObject {
  /// Halves height and width by the mean of each 2x2 block; odd last rows and columns are dropped.
  func halve(_ source: Activation, into destination: Activation)

  /// Doubles height and width by repeating each pixel (nearest neighbour).
  func double(_ source: Activation, into destination: Activation)
}
