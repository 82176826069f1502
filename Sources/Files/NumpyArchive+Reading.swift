import CZlib

extension NumpyArchive {
  /// Reads one array of a `.npz` file by name, stored or deflated.
  ///
  /// - Parameters:
  ///   - name: The array's name without `.npy`; nil for the first one, `arr_0` in most.
  ///   - path: The archive.
  /// - Throws: ``FileError`` if the archive is damaged or there is no such array.
  public static func array(_ name: String?, in path: String) throws(FileError) -> NumpyArray {
    try read(name, in: path) { bytes, path throws(FileError) in try NumpyArray(parsing: bytes, path: path) }
  }

  /// Reads one array of numbers of a `.npz` file in 64 bits, whatever type they have.
  ///
  /// - Throws: ``FileError`` as ``array(_:in:)``.
  public static func doubles(
    _ name: String, in path: String
  ) throws(FileError) -> (values: [Double], shape: [Int]) {
    try read(name, in: path) { bytes, path throws(FileError) in try NumpyArray.doubles(parsing: bytes, path: path) }
  }

  private static func read<Value>(
    _ name: String?, in path: String, _ parse: (UnsafeRawBufferPointer, String) throws(FileError) -> Value
  ) throws(FileError) -> Value {
    let file = try MappedFile(path)
    defer { withExtendedLifetime(file) {} }
    let entries = try directory(file)
    guard let entry = name.map({ name in entries.first { $0.name == name + ".npy" } }) ?? entries.first else {
      let names = entries.map(\.name).joined(separator: ", ")
      throw FileError(path, "has no array '\(name ?? "")'; it has \(names.isEmpty ? "none" : names)")
    }
    let contents = try contents(of: entry, in: file)
    var result: Result<Value, FileError> = .failure(FileError(path, "is empty"))
    contents.withUnsafeBytes { bytes in
      result = Result { () throws(FileError) in try parse(bytes, "\(path), \(entry.name)") }
    }
    return try result.get()
  }

  /// The names of the arrays of a `.npz` file, without `.npy`, in the order of the archive.
  ///
  /// - Throws: ``FileError`` if the archive is damaged.
  public static func names(in path: String) throws(FileError) -> [String] {
    let file = try MappedFile(path)
    defer { withExtendedLifetime(file) {} }
    return try directory(file).filter { $0.name.hasSuffix(".npy") }.map { String($0.name.dropLast(4)) }
  }

  private struct Entry {
    let name: String
    let method: Int
    let checksum: UInt32
    let compressedCount: Int
    let count: Int
    let offset: Int
  }

  /// The entries of a ZIP archive's central directory.
  private static func directory(_ file: MappedFile) throws(FileError) -> [Entry] {
    let bytes = file.bytes
    if let kind = FileKind(bytes), ![.npz, .zip].contains(kind),
      let error = FileKind.mistaken(bytes, path: file.path, for: "an .npz archive")
    {
      throw error
    }
    let damaged = FileError(file.path, "is no readable .npz archive")
    // The end record is 22 bytes and a comment of at most 65,535 before the end.
    let last = bytes.count - 22
    guard last >= 0,
      let end = stride(from: last, through: max(0, last - 65_535), by: -1).first(where: {
        word(bytes, at: $0, as: UInt32.self) == 0x0605_4B50
      })
    else { throw damaged }
    var position = Int(word(bytes, at: end + 16, as: UInt32.self))
    var entryCount = Int(word(bytes, at: end + 10, as: UInt16.self))
    // A ZIP64 archive repeats both in a wider record, whose place stands in the 20 bytes before the end record.
    if end >= 20, word(bytes, at: end - 20, as: UInt32.self) == 0x0706_4B50 {
      guard let wide = Int(exactly: word(bytes, at: end - 12, as: UInt64.self)), wide <= end - 76,
        word(bytes, at: wide, as: UInt32.self) == 0x0606_4B50,
        let wideCount = Int(exactly: word(bytes, at: wide + 32, as: UInt64.self)),
        let widePosition = Int(exactly: word(bytes, at: wide + 48, as: UInt64.self))
      else { throw damaged }
      (entryCount, position) = (wideCount, widePosition)
    }
    // An entry takes at least 46 bytes, so that neither number can be larger than the file.
    guard entryCount <= end / 46, position <= end else { throw damaged }
    var entries: [Entry] = []
    for _ in 0..<entryCount {
      guard let (entry, next) = entry(bytes, at: position, end: end) else { throw damaged }
      entries.append(entry)
      position = next
    }
    return entries
  }

  /// One entry of the directory and where the next begins, or nil if it does not fit.
  private static func entry(_ bytes: UnsafeRawBufferPointer, at position: Int, end: Int) -> (Entry, next: Int)? {
    guard position + 46 <= end, word(bytes, at: position, as: UInt32.self) == 0x0201_4B50 else { return nil }
    let nameEnd = position + 46 + Int(word(bytes, at: position + 28, as: UInt16.self))
    let extraEnd = nameEnd + Int(word(bytes, at: position + 30, as: UInt16.self))
    let next = extraEnd + Int(word(bytes, at: position + 32, as: UInt16.self))
    guard next <= end else { return nil }
    // Count, packed count, offset: what does not fit 32 bits stands in the ZIP64 field instead, in this order.
    var numbers = [24, 20, 42].map { Int(word(bytes, at: position + $0, as: UInt32.self)) }
    var field = nameEnd
    while field + 4 <= extraEnd {
      let fieldEnd = field + 4 + Int(word(bytes, at: field + 2, as: UInt16.self))
      guard fieldEnd <= extraEnd else { return nil }
      if word(bytes, at: field, as: UInt16.self) == 1 {
        var place = field + 4
        for index in numbers.indices where numbers[index] == Int(UInt32.max) {
          guard place + 8 <= fieldEnd, let wide = Int(exactly: word(bytes, at: place, as: UInt64.self)) else {
            return nil
          }
          numbers[index] = wide
          place += 8
        }
      }
      field = fieldEnd
    }
    let entry = Entry(
      name: String(decoding: bytes[position + 46..<nameEnd], as: UTF8.self),
      method: Int(word(bytes, at: position + 10, as: UInt16.self)),
      checksum: word(bytes, at: position + 16, as: UInt32.self),
      compressedCount: numbers[1], count: numbers[0], offset: numbers[2])
    return (entry, next)
  }

  private static func contents(of entry: Entry, in file: MappedFile) throws(FileError) -> [UInt8] {
    let bytes = file.bytes
    let damaged = FileError(file.path, "entry '\(entry.name)' is damaged")
    guard entry.offset <= bytes.count - 30, word(bytes, at: entry.offset, as: UInt32.self) == 0x0403_4B50 else {
      throw damaged
    }
    let start =
      entry.offset + 30 + Int(word(bytes, at: entry.offset + 26, as: UInt16.self))
      + Int(word(bytes, at: entry.offset + 28, as: UInt16.self))
    guard start <= bytes.count, entry.compressedCount <= bytes.count - start else { throw damaged }
    // zlib counts in 32 bits.
    guard max(entry.count, entry.compressedCount) < Int(UInt32.max) else {
      throw FileError(file.path, "entry '\(entry.name)' has four gigabytes or more; unpack it and read the .npy file")
    }
    let packed = Array(bytes[start..<start + entry.compressedCount])
    let contents: [UInt8]
    switch entry.method {
    case 0: contents = packed
    case 8: contents = try inflate(packed, count: entry.count, damaged)
    default: throw FileError(file.path, "entry '\(entry.name)' is compressed by method \(entry.method), not by deflate")
    }
    guard contents.count == entry.count, UInt32(crc32(0, contents, UInt32(contents.count))) == entry.checksum else {
      throw damaged
    }
    return contents
  }

  private static func inflate(_ packed: [UInt8], count: Int, _ damaged: FileError) throws(FileError) -> [UInt8] {
    // Deflate packs at most 1,032 to one, so a larger size is a lie.
    guard count <= 1032 * (packed.count + 1) else { throw damaged }
    var packed = packed
    var result = [UInt8](repeating: 0, count: count)
    let (packedCount, resultCount) = (UInt32(packed.count), UInt32(count))
    let status = packed.withUnsafeMutableBufferPointer { source in
      result.withUnsafeMutableBufferPointer { destination -> Int32 in
        var stream = z_stream()
        // Negative window bits: raw deflate data without a header.
        guard inflateInit2_(&stream, -15, zlibVersion(), Int32(MemoryLayout<z_stream>.size)) == Z_OK else { return -1 }
        stream.next_in = source.baseAddress
        stream.avail_in = packedCount
        stream.next_out = destination.baseAddress
        stream.avail_out = resultCount
        let status = CZlib.inflate(&stream, Z_FINISH)
        inflateEnd(&stream)
        return stream.avail_out == 0 ? status : -1
      }
    }
    guard status == Z_STREAM_END else { throw damaged }
    return result
  }

  private static func word<Word: FixedWidthInteger & BitwiseCopyable>(
    _ bytes: UnsafeRawBufferPointer, at offset: Int, as type: Word.Type
  ) -> Word {
    Word(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: type))
  }
}
