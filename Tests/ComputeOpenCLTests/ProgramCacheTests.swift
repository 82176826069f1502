import ComputeOpenCL
import Foundation
import TestSupport
import Testing

@Suite("The cache of compiled programs")
struct ProgramCacheTests {
  let folder: TemporaryFolder
  let cache: ProgramCache

  init() throws {
    folder = try TemporaryFolder()
    cache = ProgramCache(folder: folder.path("programs"))
  }

  @Test("A binary is found by its key, and by no other")
  func keeps() throws {
    let binary = (0..<1000).map { UInt8(truncatingIfNeeded: $0) }
    cache.keep(binary, for: ["text", "options"])
    #expect(cache.binary(for: ["text", "options"]) == binary)
    #expect(cache.binary(for: ["texto", "ptions"]) == nil)
    #expect(cache.binary(for: ["text", "options", ""]) == nil)
    #expect(try FileManager.default.contentsOfDirectory(atPath: cache.folder).count == 1, "no temporary file is left")
  }

  @Test("A file that was cut short or changed counts as missing", arguments: [0, 10, 32, 500])
  func damaged(length: Int) throws {
    cache.keep([UInt8](repeating: 7, count: 1000), for: ["key"])
    let name = try #require(try FileManager.default.contentsOfDirectory(atPath: cache.folder).first)
    let url = URL(filePath: "\(cache.folder)/\(name)")
    let bytes = try Data(contentsOf: url)
    try bytes.prefix(length).write(to: url)
    #expect(cache.binary(for: ["key"]) == nil)
    var changed = bytes
    changed[length] ^= 1
    try changed.write(to: url)
    #expect(cache.binary(for: ["key"]) == nil)
    try bytes.write(to: url)
    #expect(cache.binary(for: ["key"]) != nil)
  }

  @Test("A folder that cannot be made turns the cache off and disturbs nobody")
  func unusable() throws {
    try Data().write(to: URL(filePath: folder.path("file")))
    let cache = ProgramCache(folder: folder.path("file/programs"))
    cache.keep([1, 2, 3], for: ["key"])
    #expect(cache.binary(for: ["key"]) == nil)
  }
}
