import Files
import Foundation
import TestSupport
import Testing

@Suite("Locks of folders")
struct FolderLockTests {
  @Test("A folder has one lock at a time, which leaves no file behind")
  func excludes() throws {
    let folder = try TemporaryFolder()
    do {
      let lock = try FolderLock(folder.url.path)
      _ = withExtendedLifetime(lock) {
        #expect {
          _ = try FolderLock(folder.url.path)
        } throws: {
          "\($0)".contains(folder.url.path) && "\($0)".contains("in use")
        }
      }
    }
    #expect(try folder.listing().isEmpty)
    // What a killed process leaves is a file without a lock.
    try OutputFile.write([], to: folder.path(".lock"))
    do { _ = try FolderLock(folder.url.path) }
    #expect(try folder.listing().isEmpty)
    #expect(throws: FileError.self) { _ = try FolderLock(folder.path("nothing")) }
  }

  @Test("A folder that can be made is left unmade; what is in the way is named")
  func checksFolders() throws {
    let folder = try TemporaryFolder()
    try OutputFile.checkFolder(folder.path("a/b/c"))
    #expect(try folder.listing().isEmpty)
    try OutputFile.write([], to: folder.path("file"))
    #expect { try OutputFile.checkFolder(folder.path("file/b/c")) } throws: { "\($0)".contains("file: is a file") }
  }
}
