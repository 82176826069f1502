public import Files
public import Tensors

/// Images in the binary layouts of CIFAR-10 and CIFAR-100 (Krizhevsky 2009), from one or several files.
///
/// A record is one label byte (two for CIFAR-100), then 32x32 red, green and blue values. The layout follows from the files'
/// sizes.
public final class CIFARSource: ImageSource {
  /// The file or folder.
  public let path: String
  /// Three channels of 32x32.
  public let shape = ImageShape(channels: 3, height: 32, width: 32)
  /// Images of all files.
  public let count: Int
  private let labelBytes: Int
  private let files: [String]
  private var opened = 0
  private var stream: ByteStream?

  /// Opens files of one layout.
  public init(_ files: [String], path: String) throws(FileError) {
    var sizes: [Int] = []
    for file in files {
      sizes.append(try MappedFile(file).bytes.count)
    }
    for file in files {
      // A pickle of CIFAR's Python version may have any size, and an image may begin like anything.
      guard sizes.contains(where: { $0 % 3073 != 0 && $0 % 3074 != 0 }) else { break }
      if let error = ByteStream.mistaken(file, for: "a CIFAR file of the binary version") { throw error }
    }
    guard let labelBytes = [1, 2].first(where: { labels in sizes.allSatisfy { $0 % (3072 + labels) == 0 } }) else {
      throw FileError(path, "is no CIFAR file: its size is no multiple of 3,073 (CIFAR-10) or 3,074 bytes (CIFAR-100)")
    }
    self.path = path
    self.files = files
    self.labelBytes = labelBytes
    count = sizes.reduce(0, +) / (3072 + labelBytes)
  }

  /// The next images, across files.
  public func next(_ count: Int) throws(FileError) -> [Float] {
    var images: [Float] = []
    let record = 3072 + labelBytes
    while images.count < count * shape.count {
      if stream == nil {
        guard opened < files.count else { break }
        stream = try ByteStream(files[opened])
        opened += 1
      }
      guard let current = stream else { break }
      let bytes = try current.readUpTo((count - images.count / shape.count) * record)
      guard bytes.count % record == 0 else { throw FileError(current.path, "is cut short in the middle of an image") }
      for start in stride(from: 0, to: bytes.count, by: record) {
        images += bytes[start + labelBytes..<start + record].map(modelValue)
      }
      if bytes.isEmpty { stream = nil }
    }
    return images
  }

  /// The labels that stand before the images; of CIFAR-100's two the second, the class.
  public func labels() throws(FileError) -> [Int]? { try labelSets().last }

  /// The label bytes of every image, in their order.
  public func labelSets() throws(FileError) -> [[Int]] {
    let record = 3072 + labelBytes
    var sets = [[Int]](repeating: [], count: labelBytes)
    for path in files {
      let file = try MappedFile(path)
      defer { withExtendedLifetime(file) {} }
      for place in 0..<labelBytes {
        sets[place] += stride(from: place, to: file.bytes.count, by: record).map { Int(file.bytes[$0]) }
      }
    }
    return sets
  }
}
