/// What a pooling makes of the window of each output.
///
/// ```
/// out[b, c, y, x] = max or mean over r, s of in[b, c, stride * y + r - padding, stride * x + s - padding],   0 <= r, s < size
/// ```
///
/// Only pixels inside of the image count, for the mean as well: that of a window at the edge is of fewer values.
public struct PoolingShape: Hashable, Sendable {
  /// What is taken of a window.
  public enum Kind: String, Sendable, Hashable, CaseIterable {
    /// The largest value.
    case maximum
    /// The mean of the values inside of the image.
    case mean
  }

  /// What is taken of a window.
  public let kind: Kind
  /// Rows and columns of the window.
  public let size: Int
  /// Pixels from one window to the next.
  public let stride: Int
  /// Pixels by which the first window begins before the image, on either axis, and the last may end after it.
  public let padding: Int

  /// A pooling; the padding is at most half of the window, so that every window has a pixel of the image.
  public init(_ kind: Kind, size: Int, stride: Int = 1, padding: Int = 0) {
    precondition(size > 0 && stride > 0 && padding >= 0 && 2 * padding <= size, "windows that hold a pixel each")
    self.kind = kind
    self.size = size
    self.stride = stride
    self.padding = padding
  }

  /// The shape of what the pooling makes of an image.
  public func output(for input: FeatureMapShape) -> FeatureMapShape {
    func extent(_ input: Int) -> Int { (input + 2 * padding - size) / stride + 1 }
    precondition(min(input.height, input.width) + 2 * padding >= size, "no window of \(size) pixels lies in \(input)")
    return .init(
      batch: input.batch, channels: input.channels, height: extent(input.height), width: extent(input.width))
  }
}
