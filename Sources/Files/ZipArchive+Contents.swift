import CZlib

extension ZipArchive {
  /// Hands over what an entry holds: in place if it is stored, else unpacked.
  ///
  /// - Parameters:
  ///   - entry: An entry of this archive.
  ///   - body: Takes the bytes, which are valid only meanwhile.
  /// - Throws: ``FileError`` if the checksum does not agree, or the data are packed by another method than deflate.
  package func withContents<Value>(
    of entry: Entry, _ body: (UnsafeRawBufferPointer) throws(FileError) -> Value
  ) throws(FileError) -> Value {
    defer { withExtendedLifetime(file) {} }
    let damaged = FileError(file.path, "entry '\(entry.name)' is damaged")
    let packed = UnsafeRawBufferPointer(rebasing: file.bytes[entry.range])
    switch entry.method {
    case 0:
      guard Self.checksum(packed) == entry.checksum else { throw damaged }
      return try body(packed)
    case 8:
      guard let contents = Self.inflated(packed, count: entry.count) else { throw damaged }
      let result = contents.withUnsafeBytes { bytes in
        Result { () throws(FileError) in
          guard Self.checksum(bytes) == entry.checksum else { throw damaged }
          return try body(bytes)
        }
      }
      return try result.get()
    default: throw FileError(file.path, "entry '\(entry.name)' is compressed by method \(entry.method), not by deflate")
    }
  }

  /// The first bytes of an entry, unpacked as far as that takes; neither the rest nor the checksum is looked at.
  ///
  /// - Parameters:
  ///   - entry: An entry of this archive.
  ///   - count: Bytes that are wanted; there are fewer only if the entry has fewer.
  /// - Throws: ``FileError`` if the data are damaged, or packed by another method than deflate.
  func prefix(of entry: Entry, _ count: Int) throws(FileError) -> [UInt8] {
    defer { withExtendedLifetime(file) {} }
    let packed = UnsafeRawBufferPointer(rebasing: file.bytes[entry.range])
    switch entry.method {
    case 0: return Array(packed.prefix(count))
    case 8:
      guard let contents = Self.inflated(packed, count: min(count, entry.count), toEnd: count >= entry.count) else {
        throw FileError(file.path, "entry '\(entry.name)' is damaged")
      }
      return contents
    default: throw FileError(file.path, "entry '\(entry.name)' is compressed by method \(entry.method), not by deflate")
    }
  }

  /// CRC-32 of bytes of any number.
  static func checksum(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
    UInt32(crc32_z(0, bytes.bindMemory(to: UInt8.self).baseAddress, bytes.count))
  }

  /// What raw deflate data hold, or nil if they are damaged or have not as many bytes.
  ///
  /// - Parameters:
  ///   - packed: The data.
  ///   - count: Bytes that are wanted.
  ///   - toEnd: Whether the data must end with them.
  private static func inflated(_ packed: UnsafeRawBufferPointer, count: Int, toEnd: Bool = true) -> [UInt8]? {
    // Deflate packs at most 1,032 to one, so that a larger size is a lie.
    guard count / 1032 <= packed.count else { return nil }
    let source = UnsafeMutablePointer(mutating: packed.bindMemory(to: UInt8.self).baseAddress)
    var isWhole = false
    let result = [UInt8](unsafeUninitializedCapacity: count) { destination, filled in
      destination.initialize(repeating: 0)
      filled = count
      isWhole = inflate(source, packed.count, into: destination.baseAddress, count, toEnd: toEnd)
    }
    return isWhole ? result : nil
  }

  private static func inflate(
    _ source: UnsafeMutablePointer<UInt8>?, _ packedCount: Int, into destination: UnsafeMutablePointer<UInt8>?,
    _ count: Int, toEnd: Bool
  ) -> Bool {
    var stream = z_stream()
    // Negative window bits: raw deflate data without a header.
    guard inflateInit2_(&stream, -15, zlibVersion(), Int32(MemoryLayout<z_stream>.size)) == Z_OK else { return false }
    defer { inflateEnd(&stream) }
    stream.next_in = source
    stream.next_out = destination
    // zlib counts in 32 bits what it may take and give at once.
    let most = 1 << 30
    var (unread, unfilled) = (packedCount, count)
    var status = Z_OK
    while status == Z_OK, toEnd || unfilled > 0 {
      let (input, room) = (min(unread, most), min(unfilled, most))
      (stream.avail_in, stream.avail_out) = (UInt32(input), UInt32(room))
      status = CZlib.inflate(&stream, Z_NO_FLUSH)
      unread -= input - Int(stream.avail_in)
      unfilled -= room - Int(stream.avail_out)
    }
    return unfilled == 0 && (status == Z_STREAM_END || !toEnd)
  }
}
