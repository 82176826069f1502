/// The logical shape of an activation: `[batch, channels, height, width]`.
///
/// How the values lie in memory is each backend's own business; the shape says only what there is.
public struct FeatureMapShape: Hashable, Sendable {
  /// Independent samples.
  public let batch: Int
  /// Channels of one sample.
  public let channels: Int
  /// Rows of one channel.
  public let height: Int
  /// Columns of one row.
  public let width: Int

  /// The shape `[batch, channels, height, width]`; every extent is at least one.
  public init(batch: Int, channels: Int, height: Int = 1, width: Int = 1) {
    precondition(
      batch > 0 && channels > 0 && height > 0 && width > 0,
      "every extent is at least 1, got [\(batch), \(channels), \(height), \(width)]")
    self.batch = batch
    self.channels = channels
    self.height = height
    self.width = width
  }

  /// Pixels of one channel: `height * width`.
  public var pixels: Int { height * width }

  /// Values in all: `batch * channels * height * width`.
  public var count: Int { batch * channels * pixels }

  /// The same extents with another number of channels.
  public func with(channels: Int) -> Self {
    .init(batch: batch, channels: channels, height: height, width: width)
  }
}

extension FeatureMapShape: CustomStringConvertible {
  /// The extents as they are written in error messages, such as `[8, 128, 32, 32]`.
  public var description: String { "[\(batch), \(channels), \(height), \(width)]" }
}
