/// An array in NumPy's `.npy` format, versions 1 to 3, in C or Fortran order, little- or big-endian.
///
/// Values are held in C (row-major) order: floating-point ones as 32 bits, whole ones as `Int`.
public struct NumpyArray: Sendable {
  /// The values, row-major.
  public enum Values: Sendable, Hashable {
    /// From `f2`, `f4` and `f8`.
    case floats([Float])
    /// From `u1` and booleans, one byte a value: images take no more memory than their file.
    case bytes([UInt8])
    /// From the other integer types.
    case integers([Int])
  }

  /// The extents, outermost first.
  public let shape: [Int]
  /// The values.
  public let values: Values
  /// Whether the values are booleans, which are read as bytes 0 and 1.
  public let isBoolean: Bool

  /// An array of floating-point values.
  public init(_ values: [Float], shape: [Int]) {
    precondition(values.count == shape.reduce(1, *), "\(values.count) values do not fill \(shape)")
    self.shape = shape
    self.values = .floats(values)
    isBoolean = false
  }

  init(shape: [Int], values: Values, isBoolean: Bool = false) {
    self.isBoolean = isBoolean
    self.shape = shape
    self.values = values
  }

  /// The values as 32-bit floating point, whatever they were.
  public var floats: [Float] {
    switch values {
    case .floats(let values): values
    case .bytes(let values): values.map { Float($0) }
    case .integers(let values): values.map { Float($0) }
    }
  }

  /// The values as whole numbers, or nil if one of them is not whole.
  public var integers: [Int]? {
    switch values {
    case .integers(let values): return values
    case .bytes(let values): return values.map { Int($0) }
    case .floats(let values):
      let whole = values.compactMap { Int(exactly: $0) }
      return whole.count == values.count ? whole : nil
    }
  }

  /// Values in all.
  public var count: Int { shape.reduce(1, *) }
}

extension NumpyArray {
  /// The array as a `.npy` file, version 1: `<f4` for floating-point values, `<i8` for whole ones.
  public func encoded() -> [UInt8] {
    switch values {
    case .floats(let values):
      return Self.header("<f4", shape: shape) + littleEndianBytes(of: values) { $0.bitPattern }
    case .bytes(let values):
      return Self.encoded(bytes: values, shape: shape)
    case .integers(let values):
      return Self.header("<i8", shape: shape) + littleEndianBytes(of: values) { Int64($0) }
    }
  }

  /// An array of bytes as a `.npy` file, `|u1`.
  public static func encoded(bytes: [UInt8], shape: [Int]) -> [UInt8] {
    precondition(bytes.count == shape.reduce(1, *), "\(bytes.count) bytes do not fill \(shape)")
    return header("|u1", shape: shape) + bytes
  }

  /// What stands before the values of an array of bytes, `|u1`.
  public static func header(ofBytes shape: [Int]) -> [UInt8] { header("|u1", shape: shape) }

  /// Writes the array as a `.npy` file; 32-bit values are not copied.
  ///
  /// - Throws: ``FileError`` if the file cannot be written.
  public func write(to path: String) throws(FileError) {
    guard case .floats(let values) = values, 1.littleEndian == 1 else {
      return try OutputFile.write(encoded(), to: path)
    }
    let header = Self.header("<f4", shape: shape)
    var failure: FileError?
    values.withUnsafeBytes { values in
      header.withUnsafeBytes { header in
        do throws(FileError) {
          try OutputFile.write(pieces: [header, values], to: path)
        } catch {
          failure = error
        }
      }
    }
    if let failure { throw failure }
  }

  /// Numbers of 64 bits as a `.npy` file, `<f8`.
  public static func encoded(doubles: [Double], shape: [Int]) -> [UInt8] {
    precondition(doubles.count == shape.reduce(1, *), "\(doubles.count) values do not fill \(shape)")
    return header("<f8", shape: shape) + littleEndianBytes(of: doubles) { $0.bitPattern }
  }

  /// Whole numbers as a `.npy` file, `<i8`.
  public static func encoded(integers: [Int], shape: [Int]) -> [UInt8] {
    NumpyArray(shape: shape, values: .integers(integers)).encoded()
  }

  /// The magic, the version and the header, padded with blanks so that the values begin at a multiple of 64 bytes.
  private static func header(_ descr: String, shape: [Int]) -> [UInt8] {
    let extents = shape.map { "\($0), " }.joined()
    let text = "{'descr': '\(descr)', 'fortran_order': False, 'shape': (\(extents)), }"
    let length = (10 + text.utf8.count + 1 + 63) / 64 * 64 - 10
    let padding = String(repeating: " ", count: length - text.utf8.count - 1)
    return [0x93] + Array("NUMPY".utf8) + [1, 0] + littleEndianBytes(UInt16(length))
      + Array((text + padding + "\n").utf8)
  }
}
