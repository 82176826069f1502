import Foundation
import Testing

/// The parts of a ZIP archive, for tests that put them together wrongly.
enum ZipBuilder {
  static func bytes<Word: FixedWidthInteger>(_ word: Word) -> [UInt8] {
    withUnsafeBytes(of: word.littleEndian) { Array($0) }
  }

  private static func joined(_ parts: [UInt8]...) -> [UInt8] { Array(parts.joined()) }

  /// CRC-32, bit by bit.
  static func checksum(_ data: [UInt8]) -> UInt32 {
    var sum = UInt32.max
    for byte in data {
      sum ^= UInt32(byte)
      for _ in 0..<8 { sum = sum & 1 == 0 ? sum >> 1 : sum >> 1 ^ 0xEDB8_8320 }
    }
    return ~sum
  }

  /// What stands before the data of a stored entry.
  static func header(_ name: String, checksum: UInt32, count: UInt32, flags: UInt16 = 0) -> [UInt8] {
    joined(
      [0x50, 0x4B, 3, 4, 20, 0], bytes(flags), [0, 0, 0, 0, 0x21, 0], bytes(checksum), bytes(count), bytes(count),
      bytes(UInt16(name.utf8.count)), [0, 0], Array(name.utf8))
  }

  /// A stored entry.
  static func entry(_ name: String, _ data: [UInt8]) -> [UInt8] {
    header(name, checksum: checksum(data), count: UInt32(data.count)) + data
  }

  /// A stored entry's record in the directory, with the numbers that need it in a ZIP64 field.
  static func record(
    _ name: String, at offset: Int, checksum: UInt32, count: Int, packedCount: Int? = nil, flags: UInt16 = 0
  ) -> [UInt8] {
    let numbers = [count, packedCount ?? count, offset], most = Int(UInt32.max)
    let short = numbers.map { bytes(UInt32(min($0, most))) }
    let wide = numbers.filter { $0 >= most }.flatMap { bytes(UInt64($0)) }
    let extra = wide.isEmpty ? [] : joined(bytes(UInt16(1)), bytes(UInt16(wide.count)), wide)
    return joined(
      [0x50, 0x4B, 1, 2, 45, 0, 45, 0], bytes(flags), [0, 0, 0, 0, 0x21, 0], bytes(checksum), short[1], short[0],
      bytes(UInt16(name.utf8.count)), bytes(UInt16(extra.count)), [UInt8](repeating: 0, count: 10), short[2],
      Array(name.utf8), extra)
  }

  /// The end of an archive, with the wide record before it.
  static func end(count: Int, start: Int, directory: Int) -> [UInt8] {
    let wide = joined(
      [0x50, 0x4B, 6, 6], bytes(UInt64(44)), [45, 0, 45, 0, 0, 0, 0, 0, 0, 0, 0, 0], bytes(UInt64(count)),
      bytes(UInt64(count)), bytes(UInt64(directory)), bytes(UInt64(start)))
    let locator = joined([0x50, 0x4B, 6, 7, 0, 0, 0, 0], bytes(UInt64(start + directory)), [1, 0, 0, 0])
    return joined(wide, locator, [0x50, 0x4B, 5, 6, 0, 0, 0, 0], [UInt8](repeating: 0xFF, count: 12), [0, 0])
  }

  /// An archive of entries and of records that are said to be theirs.
  static func archive(_ entries: [UInt8], _ records: [[UInt8]]) -> [UInt8] {
    let directory = records.flatMap { $0 }
    return entries + directory + end(count: records.count, start: entries.count, directory: directory.count)
  }
}

/// An archive of PyTorch with one storage of four gigabytes, nearly all of it a hole in the file.
enum LargeArchive {
  /// Elements of the storage.
  static let count = 1 << 30 + 4

  /// A pickle of `{"whole": ..., "last": ...}`, all of the storage and its last two elements.
  private static var pickle: [UInt8] {
    func text(_ text: String) -> [UInt8] { [0x8C, UInt8(text.utf8.count)] + Array(text.utf8) }
    func integer(_ value: Int) -> [UInt8] { [0x4A] + ZipBuilder.bytes(Int32(value)) }
    func tensor(_ offset: Int, _ count: Int) -> [[UInt8]] {
      [
        Array("ctorch._utils\n_rebuild_tensor_v2\n((".utf8), text("storage"), Array("ctorch\nFloatStorage\n".utf8),
        text("0"), text("cpu"), integer(Self.count), [0x74, 0x51], integer(offset), integer(count), [0x85], integer(1),
        [0x85, 0x89, 0x7D, 0x74, 0x52],
      ]
    }
    let parts = [[0x80, 2, 0x7D, 0x28], text("whole")] + tensor(0, count) + [text("last")] + tensor(count - 2, 2)
    return parts.flatMap { $0 } + [0x75, 0x2E]
  }

  static func write(to path: String) throws {
    let first = ZipBuilder.entry("large/data.pkl", pickle)
    let header = ZipBuilder.header("large/data/0", checksum: 0, count: .max)
    let start = first.count + header.count, size = 4 * count
    let directory =
      ZipBuilder.record("large/data.pkl", at: 0, checksum: ZipBuilder.checksum(pickle), count: pickle.count)
      + ZipBuilder.record("large/data/0", at: first.count, checksum: 0, count: size)
    _ = FileManager.default.createFile(atPath: path, contents: Data(first + header))
    let file = try #require(FileHandle(forWritingAtPath: path))
    try file.seek(toOffset: UInt64(start + size - 4))
    let value = ZipBuilder.bytes(Float(1.5).bitPattern)
    try file.write(
      contentsOf: value + directory + ZipBuilder.end(count: 2, start: start + size, directory: directory.count))
    try file.close()
  }
}
