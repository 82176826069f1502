extension NumpyArray {
  /// Reads a `.npy` file.
  public init(contentsOf path: String) throws(FileError) {
    let file = try MappedFile(path)
    defer { withExtendedLifetime(file) {} }
    try self.init(parsing: file.bytes, path: path)
  }

  /// Reads the bytes of a `.npy` file.
  ///
  /// - Throws: ``FileError`` if they are cut short, too many, or of a type that is not read.
  public init(parsing bytes: UnsafeRawBufferPointer, path: String) throws(FileError) {
    let (header, data) = try Self.parts(of: bytes, path: path)
    self.init(shape: header.shape, values: header.values(data), isBoolean: header.element == .bool)
  }

  /// Reads the bytes of a `.npy` file of numbers in 64 bits, for those who need more digits than images have.
  ///
  /// - Throws: ``FileError`` as ``init(parsing:path:)``.
  static func doubles(
    parsing bytes: UnsafeRawBufferPointer, path: String
  ) throws(FileError) -> (values: [Double], shape: [Int]) {
    let (header, data) = try parts(of: bytes, path: path)
    return (header.doubles(data), header.shape)
  }

  /// The element type and the extents of a `.npy` file of which the beginning is given.
  ///
  /// - Parameters:
  ///   - bytes: The beginning, of ``longestHead`` bytes or all.
  ///   - count: Bytes of the file.
  ///   - path: What messages call it.
  /// - Throws: ``FileError`` as ``init(parsing:path:)``.
  static func form(
    parsing bytes: UnsafeRawBufferPointer, count: Int, path: String
  ) throws(FileError) -> (type: SafetensorsType, shape: [Int]) {
    let (header, start) = try header(of: bytes, path: path)
    try header.check(available: count - start, path: path)
    return (header.element.type, header.shape)
  }

  /// The most bytes before the values: the magic, the version, the length, and what NumPy itself reads of a header.
  static let longestHead = 10_012

  private static func parts(
    of bytes: UnsafeRawBufferPointer, path: String
  ) throws(FileError) -> (NumpyHeader, UnsafeRawBufferPointer) {
    let (header, start) = try header(of: bytes, path: path)
    try header.check(available: bytes.count - start, path: path)
    return (header, UnsafeRawBufferPointer(rebasing: bytes[start...]))
  }

  /// The header, and where the values begin.
  private static func header(
    of bytes: UnsafeRawBufferPointer, path: String
  ) throws(FileError) -> (NumpyHeader, start: Int) {
    guard bytes.count >= 10, bytes[0] == 0x93, bytes[1..<6].elementsEqual("NUMPY".utf8) else {
      throw FileKind.mistaken(bytes, path: path, for: "a .npy array") ?? FileError(path, "is no .npy file")
    }
    let isLong = bytes[6] >= 2
    guard (1...3).contains(bytes[6]), bytes.count >= (isLong ? 12 : 10) else {
      throw FileError(path, "has the unknown .npy version \(bytes[6]).\(bytes[7])")
    }
    let length =
      isLong
      ? Int(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt32.self)))
      : Int(UInt16(littleEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt16.self)))
    let start = (isLong ? 12 : 10) + length
    guard start <= bytes.count else { throw FileError(path, "is cut short: its header does not fit") }
    // NumPy itself refuses headers of more than 10,000 bytes.
    guard length <= 10_000 else {
      throw FileError(path, "has a .npy header of \(length) bytes; at most 10,000 are read")
    }
    let header = try NumpyHeader(String(decoding: bytes[(start - length)..<start], as: UTF8.self), path: path)
    return (header, start)
  }
}

/// The dictionary at the head of a `.npy` file.
private struct NumpyHeader {
  let descr: String
  let element: Element
  let isBigEndian: Bool
  let isFortranOrder: Bool
  let shape: [Int]
  let byteCount: Int

  enum Element: String {
    case float16 = "f2"
    case float32 = "f4"
    case float64 = "f8"
    case int8 = "i1"
    case int16 = "i2"
    case int32 = "i4"
    case int64 = "i8"
    case uint8 = "u1"
    case uint16 = "u2"
    case uint32 = "u4"
    case bool = "b1"

    /// The type by its name in safetensors.
    var type: SafetensorsType {
      switch self {
      case .float16: .float16
      case .float32: .float32
      case .float64: .float64
      case .int8: .int8
      case .int16: .int16
      case .int32: .int32
      case .int64: .int64
      case .uint8: .uint8
      case .uint16: .uint16
      case .uint32: .uint32
      case .bool: .bool
      }
    }

    var byteCount: Int { type.byteCount }
  }

  init(_ text: String, path: String) throws(FileError) {
    guard let descr = text.firstMatch(of: /'descr'\s*:\s*'([<>|=]?)([a-zA-Z]\d*)'/),
      let order = text.firstMatch(of: /'fortran_order'\s*:\s*(True|False)/),
      let extents = text.firstMatch(of: /'shape'\s*:\s*\(([0-9,\s]*)\)/)
    else { throw FileError(path, "has a .npy header without descr, fortran_order or shape") }
    self.descr = String(descr.1 + descr.2)
    guard let element = Element(rawValue: String(descr.2)) else {
      throw FileError(path, "has values of type '\(self.descr)'; floating point, whole numbers and booleans are read")
    }
    self.element = element
    isBigEndian = descr.1 == ">"
    isFortranOrder = order.1 == "True"
    var shape: [Int] = []
    var byteCount = element.byteCount
    for part in extents.1.split(separator: ",") {
      let digits = part.filter { !$0.isWhitespace }
      if digits.isEmpty { continue }
      guard let extent = Int(digits) else { throw FileError(path, "has an extent that is no whole number") }
      let (product, overflows) = byteCount.multipliedReportingOverflow(by: extent)
      guard !overflows else { throw FileError(path, "has a shape that is larger than any file") }
      byteCount = product
      shape.append(extent)
    }
    guard shape.count <= 8 else { throw FileError(path, "has \(shape.count) extents; at most 8 are read") }
    self.shape = shape
    self.byteCount = byteCount
  }

  /// Makes sure that there are as many bytes of values as the shape takes.
  func check(available: Int, path: String) throws(FileError) {
    guard available == byteCount else {
      throw FileError(
        path, "has \(available) bytes of values; shape \(shape) of type '\(descr)' takes \(byteCount)")
    }
  }

  func values(_ data: UnsafeRawBufferPointer) -> NumpyArray.Values {
    switch element {
    case .float32: .floats(ordered { Float(bitPattern: word($0, data)) })
    case .float16: .floats(ordered { Float(half: word($0, data)) })
    case .float64: .floats(ordered { Float(Double(bitPattern: word($0, data))) })
    case .int8: .integers(ordered { Int(word($0, data) as Int8) })
    case .int16: .integers(ordered { Int(word($0, data) as Int16) })
    case .int32: .integers(ordered { Int(word($0, data) as Int32) })
    case .int64: .integers(ordered { Int(word($0, data) as Int64) })
    case .uint8: .bytes(ordered { data[$0] })
    case .bool: .bytes(ordered { data[$0] == 0 ? 0 : 1 })
    case .uint16: .integers(ordered { Int(word($0, data) as UInt16) })
    case .uint32: .integers(ordered { Int(word($0, data) as UInt32) })
    }
  }

  func doubles(_ data: UnsafeRawBufferPointer) -> [Double] {
    guard element != .float64 else { return ordered { Double(bitPattern: word($0, data)) } }
    return switch values(data) {
    case .floats(let values): values.map(Double.init)
    case .integers(let values): values.map(Double.init)
    case .bytes(let values): values.map(Double.init)
    }
  }

  private func word<Word: FixedWidthInteger & BitwiseCopyable>(_ index: Int, _ data: UnsafeRawBufferPointer) -> Word {
    let word = data.loadUnaligned(fromByteOffset: index * MemoryLayout<Word>.size, as: Word.self)
    return isBigEndian ? Word(bigEndian: word) : Word(littleEndian: word)
  }

  /// The elements in row-major order, whichever order they are stored in.
  private func ordered<Value>(_ element: (Int) -> Value) -> [Value] {
    let count = shape.reduce(1, *)
    guard isFortranOrder, shape.count > 1, count > 0 else { return (0..<count).map(element) }
    var place = [Int](repeating: 0, count: shape.count)
    var strides = [Int](repeating: 1, count: shape.count)
    for axis in 1..<shape.count { strides[axis] = strides[axis - 1] * shape[axis - 1] }
    return (0..<count).map { _ in
      let value = element(zip(place, strides).reduce(0) { $0 + $1.0 * $1.1 })
      for axis in place.indices.reversed() {
        place[axis] += 1
        if place[axis] < shape[axis] { break }
        place[axis] = 0
      }
      return value
    }
  }
}
