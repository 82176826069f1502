import DiffuseGPU
import Foundation
import TestSupport
import Testing

@Suite("The README")
struct ReadmeTests {
  /// The folder of the package.
  static var root: URL {
    URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
  }

  @Test("The library examples run and stand in the README as they are tested")
  func examples() async throws {
    let folder = try TemporaryFolder()
    try readmeExample(to: folder.path("x.png"))
    try await readmeSession(to: folder.path("y.png"))
    for name in ["x.png", "y.png"] { #expect(try PNGImage(contentsOf: folder.path(name)).width == 58) }
    let tested = try String(
      contentsOf: Self.root.appendingPathComponent("Tests/DiffuseGPUTests/ReadmeExample.swift"), encoding: .utf8)
    let readme = try String(contentsOf: Self.root.appendingPathComponent("README.md"), encoding: .utf8)
    for part in tested.split(separator: "throws {\n").dropFirst() {
      let lines = part.split(separator: "\n", omittingEmptySubsequences: false).prefix { $0 != "}" }.map {
        $0.hasPrefix("  ") ? $0.dropFirst(2) : $0
      }
      #expect(readme.contains(lines.joined(separator: "\n")))
    }
  }

  @Test("Every picture and document that the README names is there")
  func links() throws {
    let readme = try String(contentsOf: Self.root.appendingPathComponent("README.md"), encoding: .utf8)
    for match in readme.matches(of: /\]\(([A-Za-z][^):]*)\)/) {
      #expect(
        FileManager.default.fileExists(atPath: Self.root.appendingPathComponent(String(match.1)).path), "\(match.1)")
    }
  }

  @Test("No file of the repository passes 4 MB, nor 3 MB outside of the embedded models")
  func sizes() throws {
    let enumerator = try #require(
      FileManager.default.enumerator(at: Self.root, includingPropertiesForKeys: [.fileSizeKey]))
    for case let url as URL in enumerator {
      if url.lastPathComponent.hasPrefix(".") { enumerator.skipDescendants() }
      let size = try url.resourceValues(forKeys: [.fileSizeKey]).fileSize ?? 0
      #expect(size <= (url.path.contains("Sources/PretrainedModels/") ? 4_000_000 : 3_000_000), "\(url.path)")
    }
  }
}
