public import Files

/// Images of a NumPy array: uint8 `[count, height, width, channels]` or floating-point `[count, channels, height, width]`.
public final class ArraySource: ImageSource {
  /// The file.
  public let path: String
  /// Extents from the array's shape.
  public let shape: ImageShape
  /// The first extent of the array.
  public let count: Int
  private let array: NumpyArray
  private var position = 0

  /// Opens a `.npy` file, or the first array of a `.npz` file.
  public init(_ path: String) throws(FileError) {
    self.path = path
    array = path.hasSuffix(".npz") ? try NumpyArchive.array(nil, in: path) : try NumpyArray(contentsOf: path)
    guard array.shape.count == 4, array.count > 0 else {
      throw FileError(path, "holds an array of shape \(array.shape), not images of four extents")
    }
    count = array.shape[0]
    switch array.values {
    case .integers(let values):
      guard values.allSatisfy({ (0...255).contains($0) }) else {
        throw FileError(path, "holds integers beyond 0...255")
      }
      shape = ImageShape(channels: array.shape[3], height: array.shape[1], width: array.shape[2])
    case .floats:
      shape = ImageShape(channels: array.shape[1], height: array.shape[2], width: array.shape[3])
    }
  }

  /// The next images.
  public func next(_ count: Int) throws(FileError) -> [Float] {
    let end = min(position + count, self.count)
    defer { position = end }
    switch array.values {
    case .floats(let values): return Array(values[position * shape.count..<end * shape.count])
    case .integers(let values):
      return (position..<end).flatMap { image in
        planar(values[image * shape.count..<(image + 1) * shape.count].map { UInt8($0) }, shape)
      }
    }
  }
}
