/// The element types of safetensors that are known; floating-point ones of 16 bits and more can be read.
public enum SafetensorsType: String, Sendable, Hashable {
  /// 64-bit floating point.
  case float64 = "F64"
  /// 32-bit floating point.
  case float32 = "F32"
  /// 16-bit floating point of IEEE 754.
  case float16 = "F16"
  /// The upper half of a 32-bit floating-point number.
  case bfloat16 = "BF16"
  /// 8-bit floating point with four bits of exponent.
  case float8E4M3 = "F8_E4M3"
  /// 8-bit floating point with five bits of exponent.
  case float8E5M2 = "F8_E5M2"
  /// 64-bit integers.
  case int64 = "I64"
  /// 32-bit integers.
  case int32 = "I32"
  /// 16-bit integers.
  case int16 = "I16"
  /// 8-bit integers.
  case int8 = "I8"
  /// 64-bit integers without sign.
  case uint64 = "U64"
  /// 32-bit integers without sign.
  case uint32 = "U32"
  /// 16-bit integers without sign.
  case uint16 = "U16"
  /// 8-bit integers without sign.
  case uint8 = "U8"
  /// One byte a truth value.
  case bool = "BOOL"

  /// Bytes of one element.
  public var byteCount: Int {
    switch self {
    case .float64, .int64, .uint64: 8
    case .float32, .int32, .uint32: 4
    case .float16, .bfloat16, .int16, .uint16: 2
    case .float8E4M3, .float8E5M2, .int8, .uint8, .bool: 1
    }
  }

  /// Whether the elements can be read as 32-bit floating-point numbers.
  public var isFloatingPoint: Bool {
    switch self {
    case .float64, .float32, .float16, .bfloat16: true
    default: false
    }
  }
}

/// Tensors by name in the safetensors format: eight bytes of header length, a JSON header, raw little-endian values.
///
/// No length of the file is trusted: the header must lie inside, every tensor's extents must make its bytes, and the tensors
/// must lie one after the other without gap or overlap up to the end, as the format demands.
public struct SafetensorsFile {
  /// One tensor's place and form.
  public typealias Entry = TensorEntry

  /// The tensors by name.
  public let entries: [String: Entry]
  /// Free text that the header has under `__metadata__`.
  public let metadata: [String: String]
  /// The file.
  public let file: MappedFile

  /// Maps a file and reads its header.
  public init(_ path: String) throws(FileError) {
    try self.init(MappedFile(path))
  }

  /// Reads the header of a file that is already mapped, or of embedded bytes.
  public init(_ file: MappedFile) throws(FileError) {
    self.file = file
    defer { withExtendedLifetime(file) {} }
    let path = file.path
    guard file.bytes.count >= 8 else { throw FileError(path, "is not safetensors: shorter than its header's length") }
    let length = UInt64(littleEndian: file.bytes.loadUnaligned(as: UInt64.self))
    // A header may be as long as the first bytes of another form say, so the header itself decides.
    if length > UInt64(file.bytes.count - 8) || file.bytes.count == 8 || file.bytes[8] != UInt8(ascii: "{"),
      let error = FileKind.mistaken(file.bytes, path: path, for: "safetensors")
    {
      throw error
    }
    guard length <= Self.longestHeader else {
      throw FileError(
        path, "is not safetensors: its first eight bytes say \(length) bytes of header, more than \(Self.longestHeader)"
      )
    }
    guard length <= UInt64(file.bytes.count - 8) else {
      throw FileError(
        path, "is cut short: its header says \(length) bytes, the file has \(file.bytes.count - 8) after it")
    }
    let start = 8 + Int(length)
    let header = try JSONValue(parsing: .init(rebasing: file.bytes[8..<start]), path: "\(path), header")
    guard let members = header.object else { throw FileError(path, "is not safetensors: its header is no object") }
    var entries: [String: Entry] = [:]
    var metadata: [String: String] = [:]
    for (name, value) in members {
      if name == "__metadata__" {
        metadata = (value.object ?? [:]).compactMapValues(\.string)
      } else {
        entries[name] = try Self.entry(name, value, start: start, path: path)
      }
    }
    try Self.checkPlaces(entries, start: start, end: file.bytes.count, path: path)
    self.entries = entries
    self.metadata = metadata
  }

  /// Whether bytes begin with the length of a header that fits, and with a header.
  static func beginsHeader(_ bytes: some RandomAccessCollection<UInt8>) -> Bool {
    let head = Array(bytes.prefix(9))
    guard head.count == 9, head[8] == UInt8(ascii: "{") else { return false }
    let length = head[..<8].reversed().reduce(0 as UInt64) { $0 << 8 | UInt64($1) }
    return length <= min(longestHeader, UInt64(bytes.count - 8))
  }

  /// The longest header that the format allows, in bytes.
  private static let longestHeader: UInt64 = 100_000_000

  private static func entry(
    _ name: String, _ value: JSONValue, start: Int, path: String
  ) throws(FileError) -> Entry {
    guard let dtype = value["dtype"]?.string else { throw FileError(path, "tensor '\(name)' has no dtype") }
    guard let type = SafetensorsType(rawValue: dtype) else {
      throw FileError(path, "tensor '\(name)' has the unknown dtype '\(dtype)'; F32, F16 and BF16 are read")
    }
    guard let extents = value["shape"]?.array, extents.count <= 8 else {
      throw FileError(path, "tensor '\(name)' has no shape of at most eight extents")
    }
    var shape: [Int] = []
    var byteCount = type.byteCount
    for extent in extents {
      guard let extent = extent.int, extent >= 0 else {
        throw FileError(path, "tensor '\(name)' has an extent that is no whole number")
      }
      let (product, overflows) = byteCount.multipliedReportingOverflow(by: extent)
      guard !overflows else { throw FileError(path, "tensor '\(name)' is larger than any file") }
      byteCount = product
      shape.append(extent)
    }
    guard let offsets = value["data_offsets"]?.array, offsets.count == 2, let begin = offsets[0].int,
      let end = offsets[1].int, begin >= 0, begin <= end, end <= Int.max - start
    else { throw FileError(path, "tensor '\(name)' has no valid data_offsets") }
    guard end - begin == byteCount else {
      throw FileError(
        path,
        "tensor '\(name)' of shape \(shape) and dtype \(dtype) takes \(byteCount) bytes, its offsets span \(end - begin)"
      )
    }
    return Entry(type: type, shape: shape, range: start + begin..<start + end)
  }

  private static func checkPlaces(
    _ entries: [String: Entry], start: Int, end: Int, path: String
  ) throws(FileError) {
    var position = start
    let inOrder = entries.sorted { left, right in
      (left.value.range.lowerBound, left.value.range.upperBound, left.key)
        < (right.value.range.lowerBound, right.value.range.upperBound, right.key)
    }
    for (name, entry) in inOrder {
      guard entry.range.upperBound <= end else {
        throw FileError(path, "is cut short: tensor '\(name)' ends at byte \(entry.range.upperBound) of \(end)")
      }
      guard entry.range.lowerBound >= position else {
        throw FileError(path, "tensor '\(name)' overlaps another")
      }
      guard entry.range.lowerBound == position else {
        throw FileError(path, "there is a gap of \(entry.range.lowerBound - position) bytes before tensor '\(name)'")
      }
      position = entry.range.upperBound
    }
    guard position == end else { throw FileError(path, "\(end - position) bytes follow the last tensor") }
  }
}

extension SafetensorsFile: TensorFile {
  /// The file, which has the bytes of all its tensors.
  public func source(of entry: TensorEntry) -> MappedFile { file }
}
