public import Files
public import Tensors

/// Images of a NumPy array: integers `[count, height, width, channels]` in 0...255, or floating-point
/// `[count, channels, height, width]`.
public final class ArraySource: ImageSource {
  /// The file.
  public let path: String
  /// Extents from the array's shape.
  public let shape: ImageShape
  /// The first extent of the array.
  public let count: Int
  private let values: Values
  private var position = 0

  private enum Values {
    case floats([Float])
    case bytes([UInt8])
  }

  /// Opens a `.npy` file, or the first array of a `.npz` file.
  public init(_ path: String) throws(FileError) {
    self.path = path
    let array = path.hasSuffix(".npz") ? try NumpyArchive.array(nil, in: path) : try NumpyArray(contentsOf: path)
    guard array.shape.count == 4, array.count > 0 else {
      throw FileError(path, "holds an array of shape \(array.shape), not images of four extents")
    }
    switch array.values {
    case .floats(let floats): values = .floats(floats)
    case .bytes(let bytes): values = .bytes(bytes)
    case .integers(let integers):
      let bytes = integers.compactMap { UInt8(exactly: $0) }
      guard bytes.count == integers.count else { throw FileError(path, "holds integers beyond 0...255") }
      values = .bytes(bytes)
    }
    count = array.shape[0]
    shape =
      if case .floats = values {
        ImageShape(channels: array.shape[1], height: array.shape[2], width: array.shape[3])
      } else {
        ImageShape(channels: array.shape[3], height: array.shape[1], width: array.shape[2])
      }
  }

  /// The next images.
  public func next(_ count: Int) throws(FileError) -> [Float] {
    let end = min(position + count, self.count)
    defer { position = end }
    switch values {
    case .floats(let values): return Array(values[position * shape.count..<end * shape.count])
    case .bytes(let values):
      return (position..<end).flatMap { planar(values[$0 * shape.count..<($0 + 1) * shape.count], shape) }
    }
  }
}
