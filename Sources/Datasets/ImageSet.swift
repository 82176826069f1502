public import Files
public import Tensors

/// A data set in memory: images in any order, with their labels.
///
/// Images that are made of bytes are kept as bytes, others as 32-bit numbers; either way each value is that of the file, bit for
/// bit. One set serves training, statistics and the exact score.
public final class ImageSet: Sendable {
  /// Where the images come from, for messages.
  public let path: String
  /// The extents of an image.
  public let shape: ImageShape
  /// Images in all.
  public let count: Int
  /// The labels of every image, one list for each kind of label that the files hold; empty for none.
  public let labels: [[Int]]

  private enum Storage {
    case bytes([UInt8])
    case floats([Float])
  }

  private let storage: Storage

  /// Reads all images of a source.
  ///
  /// - Parameters:
  ///   - source: The images, from its next one on.
  ///   - readsLabels: Whether labels are read too, which may lie in a file of their own.
  /// - Throws: `FileError` if there are no images, values that are not finite, or labels of another number.
  public init(_ source: any ImageSource, readsLabels: Bool = true) throws(FileError) {
    storage = try Self.read(source)
    path = source.path
    shape = source.shape
    count =
      switch storage {
      case .bytes(let bytes): bytes.count / source.shape.count
      case .floats(let floats): floats.count / source.shape.count
      }
    guard count > 0 else { throw FileError(source.path, "holds no images") }
    labels = readsLabels ? try source.labelSets() : []
    for labels in labels where labels.count != count {
      throw FileError(source.path, "holds \(labels.count) labels for \(count) images")
    }
  }

  private static func read(_ source: any ImageSource) throws(FileError) -> Storage {
    var bytes: [UInt8]? = []
    var floats: [Float] = []
    bytes?.reserveCapacity(source.count * source.shape.count)
    while true {
      let values = try source.next(min(1000, source.batchCount))
      if values.isEmpty { return bytes.map { .bytes($0) } ?? .floats(floats) }
      guard values.allSatisfy(\.isFinite) else { throw FileError(source.path, "holds values that are not finite") }
      if let known = bytes {
        let converted = values.compactMap(imageByte)
        if converted.count == values.count {
          bytes?.append(contentsOf: converted)
          continue
        }
        floats = known.map(modelValue)
        bytes = nil
      }
      floats += values
    }
  }

  /// How many classes a kind of label has: one more than the largest.
  public func classCount(_ kind: Int) -> Int { (labels[kind].max() ?? 0) + 1 }

  /// Copies an image, values in [-1, 1], `[channels, height, width]`.
  ///
  /// - Parameters:
  ///   - index: The image's place in the set.
  ///   - destination: As many values as an image has.
  public func copy(_ index: Int, into destination: UnsafeMutableBufferPointer<Float>) {
    precondition(destination.count == shape.count, "\(destination.count) values for an image of \(shape)")
    let range = index * shape.count..<(index + 1) * shape.count
    switch storage {
    case .bytes(let bytes): for (place, byte) in bytes[range].enumerated() { destination[place] = modelValue(byte) }
    case .floats(let floats): _ = destination.update(fromContentsOf: floats[range])
    }
  }

  /// The values of some images, [-1, 1], one `[channels, height, width]` after the other.
  public func values(of images: Range<Int>) -> [Float] {
    let range = images.lowerBound * shape.count..<images.upperBound * shape.count
    return switch storage {
    case .bytes(let bytes): bytes[range].map(modelValue)
    case .floats(let floats): Array(floats[range])
    }
  }

  /// The values of all images; of bytes they take four times the memory of the set, anew at each call.
  public var values: [Float] {
    if case .floats(let floats) = storage { floats } else { values(of: 0..<count) }
  }
}

extension ImageSet {
  /// The images as a source, from the first on.
  public func source() -> any ImageSource { ImageSetSource(self) }

  /// SHA-256 of extents, images and labels, which tells this set from any other; made in pieces, without a copy of the set.
  public var fingerprint: String {
    var parts = ["\(count) of \(shape)"]
    for start in stride(from: 0, to: count, by: 1000) { parts.append(digest(of: start..<min(start + 1000, count))) }
    parts += labels.map { Files.sha256(of: Array($0.map(String.init).joined(separator: " ").utf8)) }
    return Files.sha256(of: Array(parts.joined(separator: "\n").utf8))
  }

  /// SHA-256 of some images as they are kept, which depends on their values only.
  private func digest(of images: Range<Int>) -> String {
    let range = images.lowerBound * shape.count..<images.upperBound * shape.count
    return switch storage {
    case .bytes(let bytes): Files.sha256(of: Array(bytes[range]))
    case .floats(let floats): Files.sha256(of: Array(floats[range]))
    }
  }

  /// SHA-256 of the images' values.
  public var sha256: String { Files.sha256(of: values) }
}

/// A set that is read from its beginning.
private final class ImageSetSource: ImageSource {
  private let images: ImageSet
  private var position = 0

  init(_ images: ImageSet) {
    self.images = images
  }

  var path: String { images.path }
  var shape: ImageShape { images.shape }
  var count: Int { images.count }

  func next(_ count: Int) -> [Float] {
    let end = min(position + count, images.count)
    defer { position = end }
    return images.values(of: position..<end)
  }

  func labels() -> [Int]? { images.labels.last }

  func labelSets() -> [[Int]] { images.labels }
}
