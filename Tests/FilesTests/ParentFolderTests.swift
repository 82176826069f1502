import Files
import Foundation
import Testing

@Suite("Folders of paths")
struct ParentFolderTests {
  @Test("They are those of dirname, for all paths of a few letters, dots and slashes")
  func allPaths() {
    var paths = [""]
    for _ in 0..<6 { paths += Set(paths.flatMap { path in ["a", "/", ".", "\u{E9}"].map { path + $0 } }) }
    for path in Set(paths) where !path.isEmpty {
      let found = parentFolder(of: path)
      let expected = path.withCString { text in
        let copy = strdup(text)
        defer { free(copy) }
        return dirname(copy).map { String(cString: $0) } ?? ""
      }
      // POSIX leaves it open whether two slashes are the root.
      #expect((found.isEmpty ? "." : found) == (expected == "//" ? "/" : expected), "\(path)")
    }
  }

  @Test("A file with a name of one letter is written", arguments: ["s", "./s", "\u{E9}"])
  func shortNames(name: String) throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    // The name alone is what matters, so nothing is written here, only looked at.
    try OutputFile.checkWritable(name)
    try OutputFile.checkDistinct([name], readFrom: ["t"])
    try OutputFile.write([1], to: folder.appendingPathComponent(name).path)
  }
}
