/// One tensor's place and form in a file.
public struct TensorEntry: Sendable, Hashable {
  /// The element type.
  public let type: SafetensorsType
  /// The extents, outermost first.
  public let shape: [Int]
  /// The bytes that hold it, from its first element to its last.
  public let range: Range<Int>
  /// The distances of neighbours along each extent in elements, or nil if they stand in row-major order.
  public let strides: [Int]?
  /// The extents that the strides belong to, where they are not those of the shape.
  let extents: [Int]?
  /// Whether the highest byte of an element comes first.
  public let isBigEndian: Bool
  /// Which of a file's sources the bytes are counted in.
  let source: Int

  init(
    type: SafetensorsType, shape: [Int], range: Range<Int>, strides: [Int]? = nil, extents: [Int]? = nil,
    isBigEndian: Bool = false, source: Int = 0
  ) {
    self.type = type
    self.shape = shape
    self.range = range
    self.strides = strides
    self.extents = extents
    self.isBigEndian = isBigEndian
    self.source = source
  }

  /// Values in all.
  public var count: Int { shape.reduce(1, *) }
}

/// Tensors by name in mapped bytes, whatever the form of the file.
///
/// Values are read when they are asked for, in row-major order, converted from what the file has.
public protocol TensorFile {
  /// The file.
  var file: MappedFile { get }
  /// The tensors by name.
  var entries: [String: TensorEntry] { get }
  /// What the file calls a tensor: its name, unless it is looked at under another.
  func name(of tensor: String) -> String
  /// The bytes in which a tensor's range is counted.
  func source(of entry: TensorEntry) -> MappedFile
}

extension TensorFile {
  /// What messages call the file.
  public var path: String { file.path }

  /// The name itself.
  public func name(of tensor: String) -> String { tensor }

  /// The values of a floating-point tensor, converted to 32 bits.
  public func floats(_ entry: TensorEntry) -> [Float] {
    .init(unsafeUninitializedCapacity: entry.count) { destination, count in
      destination.initialize(repeating: 0)
      readFloats(entry, into: .init(rebasing: destination[..<entry.count]))
      count = entry.count
    }
  }

  /// The values of a floating-point tensor in 64 bits.
  public func doubles(_ entry: TensorEntry) -> [Double] {
    guard entry.type == .float64 else { return floats(entry).map(Double.init) }
    return words(entry).map { Double(bitPattern: $0) }
  }

  /// The values of a tensor of whole numbers or truth values, or nil if it has others, or one that passes the range of `Int`.
  public func integers(_ entry: TensorEntry) -> [Int]? {
    let words: [UInt64] = words(entry)
    return switch entry.type {
    case .int64: words.map { Int(Int64(bitPattern: $0)) }
    case .int32: words.map { Int(Int32(truncatingIfNeeded: $0)) }
    case .int16: words.map { Int(Int16(truncatingIfNeeded: $0)) }
    case .int8: words.map { Int(Int8(truncatingIfNeeded: $0)) }
    case .uint64: words.allSatisfy { $0 <= UInt64(Int.max) } ? words.map { Int($0) } : nil
    case .uint32, .uint16, .uint8: words.map { Int($0) }
    case .bool: words.map { $0 == 0 ? 0 : 1 }
    default: nil
    }
  }

  /// Reads a floating-point tensor, converted to 32 bits; the file's pages are given back afterwards.
  ///
  /// - Parameters:
  ///   - entry: A tensor of this file of a floating-point type.
  ///   - destination: Takes `entry.count` values.
  public func readFloats(_ entry: TensorEntry, into destination: UnsafeMutableBufferPointer<Float>) {
    precondition(destination.count == entry.count, "room for \(destination.count) of \(entry.count) values")
    let file = source(of: entry)
    defer { withExtendedLifetime(file) {} }
    let bytes = UnsafeRawBufferPointer(rebasing: file.bytes[entry.range])
    if entry.strides == nil, !entry.isBigEndian {
      FloatConversion.read(bytes, as: entry.type, into: destination)
    } else {
      entry.forEachWord(of: bytes) { destination[$0] = FloatConversion.float($1, of: entry.type) }
    }
    file.releasePages(entry.range)
  }

  /// The bits of all elements in row-major order, each in the lower bytes of a word.
  package func words(_ entry: TensorEntry) -> [UInt64] {
    let file = source(of: entry)
    defer { withExtendedLifetime(file) {} }
    var words = [UInt64](repeating: 0, count: entry.count)
    entry.forEachWord(of: UnsafeRawBufferPointer(rebasing: file.bytes[entry.range])) { words[$0] = $1 }
    return words
  }
}

extension TensorEntry {
  /// Calls back with the bits of each element, in row-major order, whatever order they are stored in.
  func forEachWord(of bytes: UnsafeRawBufferPointer, _ body: (Int, UInt64) -> Void) {
    let size = type.byteCount, count = count
    guard let strides else {
      for index in 0..<count { body(index, word(bytes, at: index * size)) }
      return
    }
    let extents = extents ?? shape
    var place = [Int](repeating: 0, count: extents.count)
    var element = 0
    for index in 0..<count {
      body(index, word(bytes, at: element * size))
      for axis in place.indices.reversed() {
        place[axis] += 1
        element += strides[axis]
        if place[axis] < extents[axis] { break }
        element -= strides[axis] * extents[axis]
        place[axis] = 0
      }
    }
  }

  private func word(_ bytes: UnsafeRawBufferPointer, at offset: Int) -> UInt64 {
    switch type.byteCount {
    case 8: ordered(bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    case 4: UInt64(ordered(bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self)))
    case 2: UInt64(ordered(bytes.loadUnaligned(fromByteOffset: offset, as: UInt16.self)))
    default: UInt64(bytes[offset])
    }
  }

  private func ordered<Word: FixedWidthInteger>(_ word: Word) -> Word {
    isBigEndian ? Word(bigEndian: word) : Word(littleEndian: word)
  }
}
