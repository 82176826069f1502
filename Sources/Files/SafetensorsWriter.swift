/// Tensors collected by name and written as one safetensors file.
public struct SafetensorsWriter {
  private var tensors: [(name: String, type: SafetensorsType, shape: [Int], bytes: [UInt8])] = []
  private let metadata: [String: String]

  /// A file to be, with the header's free text; `format: pt` is what diffusers looks for.
  public init(metadata: [String: String] = ["format": "pt"]) {
    self.metadata = metadata
  }

  /// Adds a tensor, rounded to nearest even where the type has fewer bits.
  ///
  /// - Parameters:
  ///   - name: A name that is not yet there.
  ///   - shape: The extents.
  ///   - values: As many values as the shape has, row-major.
  ///   - type: `F32`, `F16` or `BF16`.
  public mutating func add(_ name: String, shape: [Int], values: [Float], as type: SafetensorsType = .float32) {
    let bytes: [UInt8] =
      switch type {
      case .float32: littleEndianBytes(of: values) { $0.bitPattern }
      case .float16: littleEndianBytes(of: values) { $0.halfBits }
      case .bfloat16: littleEndianBytes(of: values) { $0.brainBits }
      default: preconditionFailure("\(type.rawValue) is not written")
      }
    append(name, type, shape, bytes)
  }

  /// Adds a tensor of 64-bit numbers, `F64`.
  ///
  /// - Parameters:
  ///   - name: A name that is not yet there.
  ///   - shape: The extents.
  ///   - doubles: As many values as the shape has, row-major.
  public mutating func add(_ name: String, shape: [Int], doubles: [Double]) {
    append(name, .float64, shape, littleEndianBytes(of: doubles) { $0.bitPattern })
  }

  private mutating func append(_ name: String, _ type: SafetensorsType, _ shape: [Int], _ bytes: [UInt8]) {
    precondition(bytes.count == shape.reduce(type.byteCount, *), "\(bytes.count) bytes do not fill \(shape)")
    precondition(!tensors.contains { $0.name == name }, "tensor '\(name)' is there already")
    tensors.append((name, type, shape, bytes))
  }

  /// Bytes of the tensors so far, for whoever splits a model into shards.
  public var dataByteCount: Int { tensors.reduce(0) { $0 + $1.bytes.count } }

  /// The whole file.
  ///
  /// The header is padded with blanks to a multiple of eight bytes, so that the values are aligned.
  public func encoded() -> [UInt8] {
    var members: [String: JSONValue] = [:]
    if !metadata.isEmpty { members["__metadata__"] = .object(metadata.mapValues { .string($0) }) }
    var offset = 0
    for tensor in tensors {
      let end = offset + tensor.bytes.count
      members[tensor.name] = .object([
        "dtype": .string(tensor.type.rawValue),
        "shape": .array(tensor.shape.map { .number(Double($0)) }),
        "data_offsets": .array([.number(Double(offset)), .number(Double(end))]),
      ])
      offset = end
    }
    var header = Array(JSONValue.object(members).text.utf8)
    header += [UInt8](repeating: UInt8(ascii: " "), count: (8 - header.count % 8) % 8)
    var result = littleEndianBytes(UInt64(header.count)) + header
    result.reserveCapacity(result.count + offset)
    for tensor in tensors { result += tensor.bytes }
    return result
  }
}

/// The bytes of an integer, lowest first.
func littleEndianBytes(_ value: some FixedWidthInteger) -> [UInt8] {
  withUnsafeBytes(of: value.littleEndian) { Array($0) }
}

/// The bytes of many integers, each lowest first, in one allocation.
func littleEndianBytes<Value, Word: FixedWidthInteger & BitwiseCopyable>(
  of values: [Value], _ word: (Value) -> Word
) -> [UInt8] {
  let size = MemoryLayout<Word>.size
  return [UInt8](unsafeUninitializedCapacity: values.count * size) { bytes, count in
    let raw = UnsafeMutableRawBufferPointer(bytes)
    for index in values.indices {
      raw.storeBytes(of: word(values[index]).littleEndian, toByteOffset: index * size, as: Word.self)
    }
    count = values.count * size
  }
}
