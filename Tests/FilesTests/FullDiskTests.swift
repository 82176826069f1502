import Files
import Foundation
import TestSupport
import Testing

/// A file system of 64 kB in memory, for as long as the object lives; only root may mount one.
private final class SmallDisk {
  let folder: TemporaryFolder

  init?() throws {
    folder = try TemporaryFolder()
    guard mount("none", folder.url.path, "tmpfs", 0, "size=64k") == 0 else { return nil }
  }

  deinit { umount2(folder.url.path, Int32(MNT_DETACH)) }

  static let isPossible = (try? SmallDisk()).flatMap { $0 } != nil
}

@Suite("A full disk", .enabled(if: SmallDisk.isPossible, "only root may mount a small file system"))
struct FullDiskTests {
  @Test("A file that does not fit is an error of one line, leaves nothing and keeps what was there")
  func fullDisk() throws {
    let disk = try #require(try SmallDisk())
    let path = disk.folder.path("x.npy")
    try OutputFile.write([1, 2, 3], to: path)
    let error = #expect(throws: FileError.self) {
      try OutputFile.write([UInt8](repeating: 7, count: 100_000), to: path)
    }
    #expect(error?.path == path)
    #expect(error?.fault.contains("No space left") == true)
    #expect(try disk.folder.listing() == ["x.npy"])
    #expect(try fileBytes(path) == [1, 2, 3])
  }
}
