extension JSONValue {
  /// Reads a JSON document.
  ///
  /// - Parameters:
  ///   - bytes: The document in UTF-8.
  ///   - path: What messages call it.
  /// - Throws: ``FileError`` with the line of the first fault.
  public init(parsing bytes: UnsafeRawBufferPointer, path: String) throws(FileError) {
    var reader = JSONReader(bytes: bytes, path: path)
    do throws(FileError) {
      self = try reader.document()
    } catch {
      throw FileKind.mistaken(bytes, path: path, for: "JSON") ?? error
    }
  }

  /// Reads a JSON document that is text already.
  public init(_ text: some StringProtocol, path: String) throws(FileError) {
    self = try Array(text.utf8).withUnsafeBytes { bytes in
      Result { () throws(FileError) in try JSONValue(parsing: bytes, path: path) }
    }.get()
  }

  /// Reads a JSON file.
  public init(contentsOf path: String) throws(FileError) {
    let file = try MappedFile(path)
    defer { withExtendedLifetime(file) {} }
    self = try JSONValue(parsing: file.bytes, path: path)
  }
}

/// A recursive-descent parser (RFC 8259) with Python's three extra words.
private struct JSONReader {
  let bytes: UnsafeRawBufferPointer
  let path: String
  var position = 0

  init(bytes: UnsafeRawBufferPointer, path: String) {
    self.bytes = bytes
    self.path = path
  }

  /// Deeper nesting than any configuration has; it bounds the recursion on hostile input.
  static let deepest = 64

  mutating func document() throws(FileError) -> JSONValue {
    let result = try value(depth: 0)
    skipSpace()
    guard position == bytes.count else { throw fault("something follows the document") }
    return result
  }

  private func fault(_ text: String) -> FileError {
    let line = 1 + bytes[..<min(position, bytes.count)].count { $0 == UInt8(ascii: "\n") }
    return FileError(path, "line \(line): not JSON: \(text)")
  }

  private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

  private mutating func skipSpace() {
    while let byte = next, byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D { position += 1 }
  }

  private mutating func take(_ word: StaticString) -> Bool {
    let matches = word.withUTF8Buffer { text in
      position + text.count <= bytes.count && bytes[position..<position + text.count].elementsEqual(text)
    }
    if matches { position += word.utf8CodeUnitCount }
    return matches
  }

  private mutating func value(depth: Int) throws(FileError) -> JSONValue {
    guard depth < Self.deepest else { throw fault("nested too deeply") }
    skipSpace()
    switch next {
    case UInt8(ascii: "{"): return try object(depth: depth)
    case UInt8(ascii: "["): return try array(depth: depth)
    case UInt8(ascii: "\""): return .string(try string())
    case nil: throw fault("it ends too early")
    default: break
    }
    if take("null") { return .null }
    if take("true") { return .boolean(true) }
    if take("false") { return .boolean(false) }
    if take("NaN") { return .number(.nan) }
    if take("Infinity") { return .number(.infinity) }
    if take("-Infinity") { return .number(-.infinity) }
    return try number()
  }

  private mutating func number() throws(FileError) -> JSONValue {
    let start = position
    while let byte = next,
      (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || "+-.eE".utf8.contains(byte)
    {
      position += 1
    }
    let text = String(decoding: bytes[start..<position], as: UTF8.self)
    guard text.first != "+", text.first != ".", let number = Double(text) else {
      position = start
      throw fault("a value is expected")
    }
    return .number(number)
  }

  private mutating func object(depth: Int) throws(FileError) -> JSONValue {
    position += 1
    var members: [String: JSONValue] = [:]
    skipSpace()
    if take("}") { return .object(members) }
    while true {
      skipSpace()
      guard next == UInt8(ascii: "\"") else { throw fault("a name is expected") }
      let name = try string()
      skipSpace()
      guard take(":") else { throw fault("a colon is expected after \"\(name)\"") }
      guard members.updateValue(try value(depth: depth + 1), forKey: name) == nil else {
        throw fault("\"\(name)\" stands there twice")
      }
      skipSpace()
      if take("}") { return .object(members) }
      guard take(",") else { throw fault("a comma or a closing brace is expected") }
    }
  }

  private mutating func array(depth: Int) throws(FileError) -> JSONValue {
    position += 1
    var elements: [JSONValue] = []
    skipSpace()
    if take("]") { return .array(elements) }
    while true {
      elements.append(try value(depth: depth + 1))
      skipSpace()
      if take("]") { return .array(elements) }
      guard take(",") else { throw fault("a comma or a closing bracket is expected") }
    }
  }

  private mutating func string() throws(FileError) -> String {
    position += 1
    var units: [UInt8] = []
    while let byte = next {
      position += 1
      switch byte {
      case UInt8(ascii: "\""):
        guard let text = String(validating: units, as: UTF8.self) else { throw fault("a text is not UTF-8") }
        return text
      case UInt8(ascii: "\\"): try escape(into: &units)
      case 0..<0x20: throw fault("a control character stands in a text")
      default: units.append(byte)
      }
    }
    throw fault("a text has no end")
  }

  private mutating func escape(into units: inout [UInt8]) throws(FileError) {
    guard let byte = next else { throw fault("a text has no end") }
    position += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): units.append(byte)
    case UInt8(ascii: "b"): units.append(0x08)
    case UInt8(ascii: "f"): units.append(0x0C)
    case UInt8(ascii: "n"): units.append(0x0A)
    case UInt8(ascii: "r"): units.append(0x0D)
    case UInt8(ascii: "t"): units.append(0x09)
    case UInt8(ascii: "u"):
      var code = try hexadecimal()
      if (0xD800..<0xDC00).contains(code), take("\\u") {
        let low = try hexadecimal()
        guard (0xDC00..<0xE000).contains(low) else { throw fault("half a surrogate pair stands in a text") }
        code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
      }
      guard let scalar = Unicode.Scalar(code) else { throw fault("half a surrogate pair stands in a text") }
      units.append(contentsOf: String(Character(scalar)).utf8)
    default: throw fault("an unknown escape stands in a text")
    }
  }

  private mutating func hexadecimal() throws(FileError) -> UInt32 {
    // The first digit is looked at because an integer's text may also begin with a sign.
    guard position + 4 <= bytes.count, UInt8(ascii: "0")...UInt8(ascii: "f") ~= bytes[position],
      let code = UInt32(String(decoding: bytes[position..<position + 4], as: UTF8.self), radix: 16)
    else { throw fault("four hexadecimal digits are expected after \\u") }
    position += 4
    return code
  }
}
