public import Files
public import Tensors

/// Images one batch after the other, in the range of models: [-1, 1], channels outermost.
public protocol ImageSource: AnyObject {
  /// Where the images come from, for messages.
  var path: String { get }
  /// Channels, rows and columns of every image.
  var shape: ImageShape { get }
  /// Images in all.
  var count: Int { get }

  /// The next images, at most `count`, one `[channels, height, width]` after the other; empty at the end.
  func next(_ count: Int) throws(FileError) -> [Float]

  /// The class of every image in the order of the images, or nil where the files hold none; it moves nothing.
  func labels() throws(FileError) -> [Int]?

  /// All kinds of label that the files hold, each as ``labels()``; empty where they hold none.
  func labelSets() throws(FileError) -> [[Int]]
}

extension ImageSource {
  /// No labels, as most files have it.
  public func labels() throws(FileError) -> [Int]? { nil }

  /// As many images as are about 64 MB of values, at least one: what to ask ``next(_:)`` for where memory is to stay small.
  public var batchCount: Int { max(1, (1 << 24) / shape.count) }

  /// Passes over the next images.
  ///
  /// - Throws: `FileError` if there are fewer, or an error of reading.
  public func skip(_ count: Int) throws(FileError) {
    var left = count
    while left > 0 {
      let images = try next(min(500, batchCount, left))
      guard !images.isEmpty else { throw FileError(path, "ends \(left) images before its count of \(self.count)") }
      left -= images.count / shape.count
    }
  }

  /// The one kind of label, if there is any.
  public func labelSets() throws(FileError) -> [[Int]] { try labels().map { [$0] } ?? [] }
}

/// The value of a byte in a model's range: 0 becomes -1, 255 becomes 1.
func modelValue(_ byte: UInt8) -> Float { Float(byte) / 127.5 - 1 }

/// The byte that a value stands for, or nil if it is none's exactly.
func imageByte(_ value: Float) -> UInt8? {
  guard let byte = UInt8(exactly: ((value + 1) * 127.5).rounded()), modelValue(byte) == value else { return nil }
  return byte
}

/// The samples of an image whose channels lie innermost, one channel after the other, in a model's range.
///
/// - Parameters:
///   - samples: `[height, width, channels]`.
///   - shape: The image's extents.
///   - value: The value of a sample.
func planar<Sample>(_ samples: ArraySlice<Sample>, _ shape: ImageShape, _ value: (Sample) -> Float) -> [Float] {
  let channels = shape.channels, area = shape.height * shape.width
  return [Float](unsafeUninitializedCapacity: samples.count) { result, count in
    samples.withUnsafeBufferPointer { samples in
      for channel in 0..<channels {
        for place in 0..<area { result[channel * area + place] = value(samples[place * channels + channel]) }
      }
    }
    count = samples.count
  }
}
