import Foundation
import Testing

@Suite("Environment variables")
struct EnvironmentTests {
  /// Names of this package's variables; a comment may call all of a kind `DIFFUSE_*`, which is none.
  private static func names(in text: String) -> Set<String> {
    Set(text.matches(of: /DIFFUSE_[A-Z_]*[A-Z]/).map { String($0.output) })
  }

  /// The text files of a folder, or the file itself; weights and pictures name nothing.
  private static func texts(_ place: String) throws -> [String] {
    let url = ReadmeTests.root.appendingPathComponent(place)
    let keys: Set<URLResourceKey> = [.isRegularFileKey, .fileSizeKey]
    let inside = FileManager.default.enumerator(at: url, includingPropertiesForKeys: Array(keys))
    let files = [url] + (inside?.compactMap { $0 as? URL } ?? [])
    return try files.compactMap { file in
      let values = try file.resourceValues(forKeys: keys)
      guard values.isRegularFile == true, values.fileSize ?? 0 < 500_000 else { return nil }
      return try? String(contentsOf: file, encoding: .utf8)
    }
  }

  @Test("Every variable that a file reads stands in the table, and every variable of the table is read")
  func table() throws {
    let table = try String(
      contentsOf: ReadmeTests.root.appendingPathComponent("Documentation/Environment.md"), encoding: .utf8)
    let rows = table.split(separator: "\n").filter { $0.hasPrefix("| `") }
    let documented = rows.reduce(into: Set<String>()) { found, row in
      found.formUnion(Self.names(in: String(row.split(separator: "|").first ?? "")))
    }
    var used: Set<String> = []
    for place in ["Sources", "Package.swift", "Makefile", ".ci", "Tests"] {
      let texts = try Self.texts(place)
      #expect(!texts.isEmpty, "\(place)")
      for text in texts { used.formUnion(Self.names(in: text)) }
    }
    #expect(used.count >= 9)
    #expect(documented == used)
  }
}
