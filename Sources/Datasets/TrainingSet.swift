public import Files

/// A data set in memory, for training: images in any order, with their labels.
///
/// Images that are made of bytes are kept as bytes, others as 32-bit numbers.
public final class TrainingSet: Sendable {
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

  /// Reads all images and labels of a source.
  ///
  /// - Throws: ``FileError`` if there are no images, values that are not finite, or labels of another number.
  public init(_ source: any ImageSource) throws(FileError) {
    var bytes: [UInt8]? = []
    var floats: [Float] = []
    bytes?.reserveCapacity(source.count * source.shape.count)
    while true {
      let values = try source.next(1000)
      if values.isEmpty { break }
      guard values.allSatisfy(\.isFinite) else { throw FileError(source.path, "holds values that are not finite") }
      if let known = bytes {
        let converted = values.compactMap(byte)
        if converted.count == values.count {
          bytes?.append(contentsOf: converted)
          continue
        }
        floats = known.map(modelValue)
        bytes = nil
      }
      floats += values
    }
    storage = bytes.map { .bytes($0) } ?? .floats(floats)
    path = source.path
    shape = source.shape
    count = (bytes?.count ?? floats.count) / source.shape.count
    guard count > 0 else { throw FileError(source.path, "holds no images") }
    labels = try source.labelSets()
    for labels in labels where labels.count != count {
      throw FileError(source.path, "holds \(labels.count) labels for \(count) images")
    }
  }

  /// How many classes a kind of label has: one more than the largest.
  public func classCount(_ kind: Int) -> Int { (labels[kind].max() ?? 0) + 1 }

  /// Copies an image, values in [-1, 1].
  func copy(_ index: Int, into destination: UnsafeMutableBufferPointer<Float>) {
    let range = index * shape.count..<(index + 1) * shape.count
    switch storage {
    case .bytes(let bytes): for (place, byte) in bytes[range].enumerated() { destination[place] = modelValue(byte) }
    case .floats(let floats): _ = destination.update(fromContentsOf: floats[range])
    }
  }
}

/// The byte that a value stands for, or nil if it stands for none.
private func byte(_ value: Float) -> UInt8? {
  guard let byte = UInt8(exactly: ((value + 1) * 127.5).rounded()) else { return nil }
  return abs(modelValue(byte) - value) < 1e-6 ? byte : nil
}
