import Compute
import ComputeOpenCL
import Conformance
import Foundation
import TestSupport
import Testing

@Suite("The cache of compiled programs is the user's own")
struct ProgramCacheSafetyTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func mode(_ path: String) throws -> Int {
    try #require(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int)
  }

  @Test("The folder is closed to others, also one that was open, and its files are too")
  func modes() throws {
    let path = folder.path("programs")
    try FileManager.default.createDirectory(
      atPath: path, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o777])
    let cache = ProgramCache(folder: path)
    #expect(cache.isOn)
    #expect(try mode(path) == 0o700)
    cache.keep([1, 2, 3], for: ["key"])
    let name = try #require(try FileManager.default.contentsOfDirectory(atPath: path).first)
    #expect(try mode("\(path)/\(name)") == 0o600)
  }

  @Test("A folder of another user is not used")
  func foreignFolder() throws {
    let path = folder.path("programs")
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    // Only the superuser can give a folder away.
    guard chown(path, 65_534, 65_534) == 0 else { return }
    #expect(!ProgramCache(folder: path).isOn)
  }

  @Test("Only absolute places count")
  func places() {
    #expect(ProgramCache.parent { ["XDG_CACHE_HOME": "/a", "HOME": "/b"][$0] } == "/a")
    #expect(ProgramCache.parent { ["XDG_CACHE_HOME": "a", "HOME": "/b"][$0] } == "/b/.cache")
    #expect(ProgramCache.parent { ["XDG_CACHE_HOME": "./a", "HOME": "b"][$0] } == nil)
    #expect(ProgramCache.parent { _ in nil } == nil)
  }

  @Test("A file under another key's name, or a link, is not taken")
  func impostors() throws {
    let cache = ProgramCache(folder: folder.path("programs"))
    cache.keep([1], for: ["a"])
    let names = { try FileManager.default.contentsOfDirectory(atPath: cache.folder) }
    let first = try #require(try names().first)
    cache.keep([2], for: ["b"])
    let second = try #require(try names().first { $0 != first })
    let (one, two) = ("\(cache.folder)/\(first)", "\(cache.folder)/\(second)")
    try FileManager.default.removeItem(atPath: two)
    try FileManager.default.copyItem(atPath: one, toPath: two)
    #expect(cache.binary(for: ["b"]) == nil)
    #expect(cache.binary(for: ["a"]) == [1])
    try FileManager.default.moveItem(atPath: one, toPath: folder.path("elsewhere"))
    try FileManager.default.createSymbolicLink(atPath: one, withDestinationPath: folder.path("elsewhere"))
    #expect(cache.binary(for: ["a"]) == nil)
  }

  @Test("What is dropped is gone, and leftovers of processes that ended are removed")
  func leftovers() throws {
    let path = folder.path("programs")
    let cache = ProgramCache(folder: path)
    cache.keep([1], for: ["a"])
    cache.drop(["a"])
    #expect(cache.binary(for: ["a"]) == nil)
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/true")
    try process.run()
    process.waitUntilExit()
    let name = String(repeating: "0", count: 64)
    let (dead, alive) = ("\(name).\(process.processIdentifier).ab", "\(name).\(getpid()).ab")
    for file in [dead, alive, "notes.1.txt"] { try Data().write(to: URL(filePath: "\(path)/\(file)")) }
    _ = ProgramCache(folder: path)
    #expect(try FileManager.default.contentsOfDirectory(atPath: path).sorted() == [alive, "notes.1.txt"])
  }
}
