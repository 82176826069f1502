import Files
import Foundation
import TestSupport
import Testing

@Suite("ZIP archives say one thing to all readers")
struct ZipArchiveTests {
  private let folder: TemporaryFolder
  private let data: [UInt8] = [1, 2, 3, 4]

  init() throws { folder = try TemporaryFolder() }

  private func read(_ bytes: [UInt8]) throws -> ZipArchive {
    try OutputFile.write(bytes, to: folder.path("x.zip"))
    return try ZipArchive(MappedFile(folder.path("x.zip")))
  }

  private func record(_ name: String, at offset: Int, count: Int = 4, packed: Int? = nil, flags: UInt16 = 0) -> [UInt8]
  {
    ZipBuilder.record(
      name, at: offset, checksum: ZipBuilder.checksum(data), count: count, packedCount: packed, flags: flags)
  }

  @Test("Stored entries are found in the file itself")
  func stored() throws {
    let first = ZipBuilder.entry("a", data), second = ZipBuilder.entry("folder/b", [5, 6, 7, 8])
    let archive = try read(
      ZipBuilder.archive(first + second, [record("a", at: 0), record("folder/b", at: first.count)]))
    #expect(archive.entries.map(\.name) == ["a", "folder/b"])
    let entry = try #require(archive.entry("folder/b"))
    #expect(entry.isStored && entry.count == 4 && Array(archive.file.bytes[entry.range]) == [5, 6, 7, 8])
    #expect(archive.entry("b") == nil)
  }

  @Test("What readers differ in is refused: twins, overlaps, two names of one entry, sizes that do not agree")
  func ambiguous() throws {
    func fault(_ entries: [UInt8], _ records: [[UInt8]]) -> String {
      #expect(throws: FileError.self) { try read(ZipBuilder.archive(entries, records)) }?.fault ?? ""
    }
    let entry = ZipBuilder.entry("a", data), twice = [record("a", at: 0), record("a", at: entry.count)]
    #expect(fault(entry + entry, twice) == "entry 'a' is there twice")
    #expect(fault(entry, [record("a", at: 0), record("a", at: 0)]) == "entry 'a' is there twice")
    #expect(fault(entry, [record("b", at: 0)]) == "entry 'b' is damaged")
    #expect(fault(entry, [record("a", at: 0, flags: 1)]) == "entry 'a' is encrypted; unpack it first")
    for (count, packed) in [(5, 4), (4, 5), (5, 5), (1 << 40, 1 << 40), (Int.max, Int.max)] {
      #expect(fault(entry, [record("a", at: 0, count: count, packed: packed)]) == "entry 'a' is damaged")
    }
    for offset in [1, entry.count, 1 << 40, Int.max] {
      #expect(fault(entry, [record("a", at: offset)]) == "entry 'a' is damaged")
    }
    // The second entry is what the first one holds.
    let outer = ZipBuilder.entry("outer", entry), place = outer.count - entry.count
    #expect(
      fault(outer, [record("outer", at: 0, count: entry.count), record("a", at: place)]) == "entry 'a' overlaps another"
    )
    #expect(fault([], [[0]]) == "is no readable ZIP archive")
  }

  @Test("A storage of four gigabytes is read where it is, without a copy")
  func large() throws {
    let path = folder.path("large.pt")
    try LargeArchive.write(to: path)
    let file = try TorchFile(path), state = try file.state(file.root, name: "the file")
    let last = try #require(state.entries["last"]), whole = try #require(state.entries["whole"])
    #expect(whole.count == LargeArchive.count && state.floats(last) == [0, 1.5])
  }
}
