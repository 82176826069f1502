/// A ZIP archive, mapped: what its directory lists, with the bytes that hold each entry.
///
/// ZIP64 is read. No number of the directory is trusted: every entry must lie inside of the file, under the same name as the directory
/// says, and share no byte with another, so that no reader can see another archive than this one does.
public struct ZipArchive {
  /// One file of an archive.
  public struct Entry: Sendable, Hashable {
    /// The name, with the folders before it.
    public let name: String
    /// The bytes of the archive that hold it, packed as it is.
    public let range: Range<Int>
    /// Bytes when it is unpacked.
    public let count: Int
    /// Zero if it is stored, eight if it is deflated.
    let method: Int
    /// CRC-32 of what is unpacked.
    let checksum: UInt32

    /// Whether its bytes stand in the archive as they are.
    public var isStored: Bool { method == 0 }
  }

  /// The file.
  public let file: MappedFile
  /// The entries in the order of the directory.
  public let entries: [Entry]

  /// Reads the directory of an archive.
  ///
  /// - Parameters:
  ///   - file: The archive.
  ///   - kind: What messages call its form.
  /// - Throws: ``FileError`` if the directory or one of the entries is damaged.
  public init(_ file: MappedFile, as kind: String = "ZIP archive") throws(FileError) {
    defer { withExtendedLifetime(file) {} }
    let directory = ZipDirectory(
      bytes: file.bytes, path: file.path, damaged: FileError(file.path, "is no readable \(kind)"))
    self.file = file
    self.entries = try directory.entries()
  }

  /// The entry of a name.
  public func entry(_ name: String) -> Entry? { entries.first { $0.name == name } }
}

/// A reader of the directory at the end of an archive.
private struct ZipDirectory {
  let bytes: UnsafeRawBufferPointer
  let path: String
  let damaged: FileError

  /// One record of the directory.
  private struct Record {
    let name: Range<Int>
    let method: Int
    let isEncrypted: Bool
    let checksum: UInt32
    let packedCount: Int
    let count: Int
    let offset: Int
  }

  func entries() throws(FileError) -> [ZipArchive.Entry] {
    let (count, start, end) = try place()
    var position = start
    var entries: [(entry: ZipArchive.Entry, region: Range<Int>)] = []
    for _ in 0..<count {
      guard let (record, next) = record(at: position, end: end) else { throw damaged }
      entries.append(try located(record, before: start))
      position = next
    }
    try checkApart(entries)
    return entries.map(\.entry)
  }

  /// How many records there are, where the first is, and where they end at the latest.
  private func place() throws(FileError) -> (count: Int, start: Int, end: Int) {
    // The end record is 22 bytes and a comment of at most 65,535 before the end.
    let last = bytes.count - 22
    guard last >= 0,
      let end = stride(from: last, through: max(0, last - 65_535), by: -1).first(where: {
        bytes.word(at: $0, as: UInt32.self) == 0x0605_4B50
      })
    else { throw damaged }
    var start = Int(bytes.word(at: end + 16, as: UInt32.self))
    var count = Int(bytes.word(at: end + 10, as: UInt16.self))
    // A ZIP64 archive repeats both in a wider record, whose place stands in the 20 bytes before the end record.
    if end >= 20, bytes.word(at: end - 20, as: UInt32.self) == 0x0706_4B50 {
      guard let wide = Int(exactly: bytes.word(at: end - 12, as: UInt64.self)), wide <= end - 76,
        bytes.word(at: wide, as: UInt32.self) == 0x0606_4B50,
        let wideCount = Int(exactly: bytes.word(at: wide + 32, as: UInt64.self)),
        let wideStart = Int(exactly: bytes.word(at: wide + 48, as: UInt64.self))
      else { throw damaged }
      (count, start) = (wideCount, wideStart)
    }
    // A record takes at least 46 bytes, so that neither number can be larger than the file.
    guard count <= end / 46, start <= end else { throw damaged }
    return (count, start, end)
  }

  /// One record of the directory and where the next begins, or nil if it does not fit.
  private func record(at position: Int, end: Int) -> (Record, next: Int)? {
    guard position <= end - 46, bytes.word(at: position, as: UInt32.self) == 0x0201_4B50 else { return nil }
    let nameEnd = position + 46 + Int(bytes.word(at: position + 28, as: UInt16.self))
    let extraEnd = nameEnd + Int(bytes.word(at: position + 30, as: UInt16.self))
    let next = extraEnd + Int(bytes.word(at: position + 32, as: UInt16.self))
    guard next <= end else { return nil }
    // Count, packed count, offset: what does not fit 32 bits stands in the ZIP64 field instead, in this order.
    var numbers = [24, 20, 42].map { Int(bytes.word(at: position + $0, as: UInt32.self)) }
    var field = nameEnd
    while field + 4 <= extraEnd {
      let fieldEnd = field + 4 + Int(bytes.word(at: field + 2, as: UInt16.self))
      guard fieldEnd <= extraEnd else { return nil }
      if bytes.word(at: field, as: UInt16.self) == 1 {
        var place = field + 4
        for index in numbers.indices where numbers[index] == Int(UInt32.max) {
          guard place + 8 <= fieldEnd, let wide = Int(exactly: bytes.word(at: place, as: UInt64.self)) else {
            return nil
          }
          numbers[index] = wide
          place += 8
        }
      }
      field = fieldEnd
    }
    let record = Record(
      name: position + 46..<nameEnd, method: Int(bytes.word(at: position + 10, as: UInt16.self)),
      isEncrypted: bytes.word(at: position + 8, as: UInt16.self) & 1 != 0,
      checksum: bytes.word(at: position + 16, as: UInt32.self), packedCount: numbers[1], count: numbers[0],
      offset: numbers[2])
    return (record, next)
  }

  /// The entry of a record, and all bytes that it takes, with the header before them.
  private func located(
    _ record: Record, before directory: Int
  ) throws(FileError) -> (entry: ZipArchive.Entry, region: Range<Int>) {
    let name = String(decoding: bytes[record.name], as: UTF8.self)
    let damaged = FileError(path, "entry '\(name)' is damaged")
    guard !record.isEncrypted else { throw FileError(path, "entry '\(name)' is encrypted; unpack it first") }
    guard record.offset <= directory - 30, bytes.word(at: record.offset, as: UInt32.self) == 0x0403_4B50 else {
      throw damaged
    }
    let nameStart = record.offset + 30
    let nameEnd = nameStart + Int(bytes.word(at: record.offset + 26, as: UInt16.self))
    let start = nameEnd + Int(bytes.word(at: record.offset + 28, as: UInt16.self))
    guard start <= directory, record.packedCount <= directory - start,
      bytes[nameStart..<nameEnd].elementsEqual(bytes[record.name]),
      record.method != 0 || record.count == record.packedCount
    else { throw damaged }
    let range = start..<start + record.packedCount
    let entry = ZipArchive.Entry(
      name: name, range: range, count: record.count, method: record.method, checksum: record.checksum)
    return (entry, record.offset..<range.upperBound)
  }

  /// Entries that share bytes, or a name, are read in different ways by different readers.
  private func checkApart(_ entries: [(entry: ZipArchive.Entry, region: Range<Int>)]) throws(FileError) {
    var names: Set<String> = []
    var end = 0
    for (entry, region) in entries.sorted(by: { $0.region.lowerBound < $1.region.lowerBound }) {
      guard names.insert(entry.name).inserted else { throw FileError(path, "entry '\(entry.name)' is there twice") }
      guard region.lowerBound >= end else { throw FileError(path, "entry '\(entry.name)' overlaps another") }
      end = region.upperBound
    }
  }
}

extension UnsafeRawBufferPointer {
  /// The little-endian integer at an offset, whose bytes the caller has checked to be there.
  func word<Word: FixedWidthInteger & BitwiseCopyable>(at offset: Int, as type: Word.Type) -> Word {
    Word(littleEndian: loadUnaligned(fromByteOffset: offset, as: type))
  }
}
