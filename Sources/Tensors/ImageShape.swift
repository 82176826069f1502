/// Rows and columns of an image.
public struct ImageSize: Sendable, Hashable {
  /// Rows.
  public let height: Int
  /// Columns.
  public let width: Int

  /// A size in pixels; both extents are positive.
  public init(height: Int, width: Int) {
    precondition(height > 0 && width > 0, "an image of \(height)x\(width) pixels")
    self.height = height
    self.width = width
  }
}

/// The extents of an image, `[channels, height, width]`.
public struct ImageShape: Sendable, Hashable {
  /// 1 for grey, 3 for RGB.
  public let channels: Int
  /// Rows and columns.
  public let size: ImageSize

  /// An image's extents, all positive.
  public init(channels: Int, size: ImageSize) {
    precondition(channels > 0, "an image of \(channels) channels")
    self.channels = channels
    self.size = size
  }

  /// An image's extents, all positive.
  public init(channels: Int, height: Int, width: Int) {
    self.init(channels: channels, size: .init(height: height, width: width))
  }

  /// Rows.
  public var height: Int { size.height }

  /// Columns.
  public var width: Int { size.width }

  /// Values of one image.
  public var count: Int { channels * height * width }
}

extension ImageSize: CustomStringConvertible {
  /// The size as `height x width`.
  public var description: String { "\(height)x\(width)" }
}

extension ImageShape: CustomStringConvertible {
  /// The extents as `channels x height x width`.
  public var description: String { "\(channels)x\(size)" }
}

// MARK: Coding

extension ImageSize: Codable {
  private enum CodingKeys: String, CodingKey { case height, width }

  /// Reads a size.
  ///
  /// - Throws: `DecodingError` naming an extent that is missing or not positive.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    self.init(
      height: try container.positive(forKey: .height), width: try container.positive(forKey: .width))
  }
}

extension ImageShape: Codable {
  private enum CodingKeys: String, CodingKey { case channels, height, width }

  /// Reads extents.
  ///
  /// - Throws: `DecodingError` naming an extent that is missing or not positive.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    self.init(channels: try container.positive(forKey: .channels), size: try ImageSize(from: decoder))
  }

  /// Writes channels, height and width side by side.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(channels, forKey: .channels)
    try size.encode(to: encoder)
  }
}

extension KeyedDecodingContainer {
  /// A whole number of at least one.
  fileprivate func positive(forKey key: Key) throws -> Int {
    let number = try decode(Int.self, forKey: key)
    guard number > 0 else {
      throw DecodingError.dataCorruptedError(
        forKey: key, in: self, debugDescription: "\(number) must be a whole number of at least 1")
    }
    return number
  }
}
