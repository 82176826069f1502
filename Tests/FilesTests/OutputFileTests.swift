import Files
import Foundation
import TestSupport
import Testing

@Suite("Writing destroys nothing")
struct OutputFileTests {
  let folder: TemporaryFolder
  let isRoot = geteuid() == 0

  init() throws { folder = try TemporaryFolder() }

  private func kind(_ name: String) -> mode_t {
    var status = stat()
    return lstat(folder.path(name), &status) == 0 ? status.st_mode & S_IFMT : 0
  }

  private func mode(_ name: String) -> mode_t {
    var status = stat()
    return stat(folder.path(name), &status) == 0 ? status.st_mode & 0o7777 : 0
  }

  /// Writing, and the check before it, fail alike, with one line that names the path and contains `fault`.
  private func expectRefusal(_ path: String, _ fault: String) {
    let errors = [
      #expect(throws: FileError.self) { try OutputFile.checkWritable(path) },
      #expect(throws: FileError.self) { try OutputFile.write([9], to: path) },
    ]
    for error in errors {
      #expect(error?.path == path)
      #expect(error?.fault.contains(fault) == true, "\(String(describing: error))")
    }
  }

  @Test("A link is followed, wherever it leads, and stays")
  func links() throws {
    try OutputFile.prepareFolder(folder.path("elsewhere"))
    try OutputFile.write([1], to: folder.path("elsewhere/there"))
    let links = [
      ("relative", "elsewhere/there"), ("absolute", folder.path("elsewhere/there")), ("chain", "relative"),
      ("dangling", "elsewhere/missing"), ("up", "elsewhere/../up-target"),
    ]
    for (number, (name, target)) in links.enumerated() {
      #expect(symlink(target, folder.path(name)) == 0)
      try OutputFile.checkWritable(folder.path(name))
      try OutputFile.write([UInt8(number)], to: folder.path(name))
      #expect(kind(name) == S_IFLNK)
      #expect(try fileBytes(folder.path(name)) == [UInt8(number)])
    }
    #expect(try fileBytes(folder.path("elsewhere/missing")) == [3] && fileBytes(folder.path("up-target")) == [4])
    #expect(symlink("loop", folder.path("loop")) == 0 && symlink("elsewhere", folder.path("to-folder")) == 0)
    expectRefusal(folder.path("loop"), "symbolic links")
    expectRefusal(folder.path("to-folder"), "is a folder")
    #expect(symlink("nowhere/x", folder.path("astray")) == 0)
    #expect(throws: FileError.self) { try OutputFile.checkWritable(folder.path("astray")) }
  }

  @Test("A FIFO takes the bytes, and stays", .timeLimit(.minutes(1)))
  func fifo() throws {
    let path = folder.path("fifo"), bytes = (0..<200_000).map { UInt8(truncatingIfNeeded: $0 * 7) }
    #expect(mkfifo(path, 0o600) == 0)
    try OutputFile.checkWritable(path)
    let reader = Process()
    reader.executableURL = URL(filePath: "/bin/sh")
    reader.arguments = ["-c", "cat \(path) >\(folder.path("copy"))"]
    try reader.run()
    try OutputFile.write(bytes, to: path)
    reader.waitUntilExit()
    #expect(try fileBytes(folder.path("copy")) == bytes)
    #expect(kind("fifo") == S_IFIFO)
    #expect(try folder.listing() == ["copy", "fifo"])
  }

  @Test("A socket is refused, and stays")
  func socket() throws {
    let descriptor = Foundation.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    // The folder's own path is too long for an address.
    let path = "/tmp/diffuse-gpu-socket-\(UUID().uuidString.prefix(8))"
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    let bound = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    #expect(bound == 0)
    defer { unlink(path) }
    expectRefusal(path, "socket")
    var status = stat()
    #expect(stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFSOCK)
  }

  @Test("A device takes the bytes or is refused, and stays", .enabled(if: geteuid() == 0, "only root may make one"))
  func devices() throws {
    // Nodes of its own: the null device's numbers, and a loop device's that nothing is behind.
    #expect(mknod(folder.path("null"), S_IFCHR | 0o600, 1 << 8 | 3) == 0)
    #expect(mknod(folder.path("disk"), S_IFBLK | 0o600, 7 << 8 | 250) == 0)
    try OutputFile.checkWritable(folder.path("null"))
    try OutputFile.write([1, 2, 3], to: folder.path("null"))
    expectRefusal(folder.path("disk"), "block device")
    #expect(symlink("null", folder.path("link")) == 0)
    try OutputFile.write([1, 2, 3], to: folder.path("link"))
    #expect(kind("null") == S_IFCHR && kind("disk") == S_IFBLK && kind("link") == S_IFLNK)
    #expect(try folder.listing() == ["disk", "link", "null"])
  }

  @Test("A device that is full is one line", .enabled(if: FileManager.default.fileExists(atPath: "/dev/full")))
  func fullDevice() {
    let error = #expect(throws: FileError.self) { try OutputFile.write([1], to: "/dev/full") }
    #expect(error?.fault.contains("No space left") == true)
  }

  @Test("Permissions of an older file are kept; one that nobody may write to is refused, and kept whole")
  func permissions() throws {
    for bits in [0o200, 0o600, 0o620, 0o644, 0o666, 0o751, 0o777] as [mode_t] {
      try OutputFile.write([1], to: folder.path("x"))
      chmod(folder.path("x"), bits)
      guard isRoot || bits & 0o400 != 0 else { continue }
      try OutputFile.write([2], to: folder.path("x"))
      #expect(mode("x") == bits)
      #expect(try fileBytes(folder.path("x")) == [2])
    }
    for bits in [0o000, 0o400, 0o444, 0o555] as [mode_t] {
      chmod(folder.path("x"), bits)
      expectRefusal(folder.path("x"), "write-protected")
      #expect(mode("x") == bits)
    }
    chmod(folder.path("x"), 0o600)
    #expect(try fileBytes(folder.path("x")) == [2])
    #expect(try folder.listing() == ["x"])
  }

  @Test("What is no name of a file is refused before any work")
  func names() throws {
    expectRefusal(folder.path("x") + "/", "names a folder")
    expectRefusal(folder.path(String(repeating: "x", count: 300)), "too long")
    let error = #expect(throws: FileError.self) { try OutputFile.checkWritable("") }
    #expect(error?.path == "''")
    // The temporary name is not made from the file's, which may be as long as names can be.
    let longest = String(repeating: "x", count: 255)
    try OutputFile.write([1], to: folder.path(longest))
    #expect(try folder.listing() == [longest])
  }

  @Test("Leftovers of killed runs are removed; nothing else is, not what is still being written")
  func leftovers() throws {
    let victim = folder.path("victim"), digits = ["0123456789abcdef", "ffffffffffffffff", "00000000deadbeef"]
    try OutputFile.write([1], to: victim)
    func name(_ digits: String) -> String { ".diffuse-gpu-\(digits).partial" }
    try OutputFile.write([2], to: folder.path(name(digits[0])))
    try OutputFile.prepareFolder(folder.path(name(digits[1])))
    try OutputFile.write([3], to: folder.path(name(digits[1]) + "/inside"))
    // A link of the name, one that another run holds, and names that only look alike.
    #expect(symlink(victim, folder.path(name(digits[2]))) == 0)
    let held = name("1111111111111111"), alike = [name("0123"), name("0123456789abcdeX"), "x.png.12.partial"]
    for name in alike + [held] { try OutputFile.write([4], to: folder.path(name)) }
    let descriptor = open(folder.path(held), O_RDONLY)
    #expect(flock(descriptor, LOCK_EX) == 0)
    try OutputFile.checkWritable(folder.path("new"))
    #expect(try folder.listing() == (alike + [held, name(digits[2]), "victim"]).sorted())
    close(descriptor)
    try OutputFile.prepareFolder(folder.url.path)
    #expect(try folder.listing() == (alike + [name(digits[2]), "victim"]).sorted())
    #expect(try fileBytes(victim) == [1])
  }

  @Test("A folder appears whole or not at all, and is not taken for a leftover meanwhile")
  func wholeFolder() throws {
    var names: [String] = []
    let target = folder.path("model")
    try OutputFile.makeFolder(target) { partial throws(FileError) in
      names.append((partial as NSString).lastPathComponent)
      try OutputFile.write([1], to: partial + "/a")
      try OutputFile.checkWritable(target)
      try OutputFile.write([2], to: partial + "/b")
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: target).sorted() == ["a", "b"])
    #expect(throws: FileError.self) {
      try OutputFile.makeFolder(folder.path("other")) { partial throws(FileError) in
        names.append((partial as NSString).lastPathComponent)
        try OutputFile.write([1], to: partial + "/a")
        throw FileError(partial, "given up")
      }
    }
    #expect(Set(names).count == 2 && names.allSatisfy { $0.hasPrefix(".diffuse-gpu-") })
    #expect(try folder.listing() == ["model"])
  }

  @Test("Two results for one file, or one in place of what is read, are refused, however the paths are written")
  func distinct() throws {
    try OutputFile.prepareFolder(folder.path("f"))
    try OutputFile.write([1], to: folder.path("f/there"))
    #expect(symlink("f", folder.path("g")) == 0 && symlink("f/there", folder.path("link")) == 0)
    #expect(mkfifo(folder.path("fifo"), 0o600) == 0)
    let there = ["f/there", "f/../f/there", "g/there", "link", "f//there"], missing = ["f/new", "g/new", "f/./new"]
    for same in [there, missing] {
      for (first, second) in same.flatMap({ first in same.map { (first, $0) } }) {
        let (first, second) = (folder.path(first), folder.path(second))
        #expect(throws: FileError.self) { try OutputFile.checkDistinct([first, second]) }
        #expect(throws: FileError.self) { try OutputFile.checkDistinct([first], readFrom: [second]) }
      }
    }
    for (first, second) in there.flatMap({ first in missing.map { (first, $0) } }) + [("fifo", "fifo")] {
      try OutputFile.checkDistinct([folder.path(first), folder.path(second)])
    }
    try OutputFile.checkDistinct([folder.path("f/there")], readFrom: [folder.path("f"), "mnist"])
  }

  @Test("A file that grows keeps its beginning and every line")
  func growing() throws {
    let file = try GrowingFile(folder.path("log"), beginning: "a\n".utf8)
    for line in 0..<100 { try file.append("\(line)\n".utf8) }
    let text = try String(contentsOfFile: folder.path("log"), encoding: .utf8)
    #expect(text == "a\n" + (0..<100).map { "\($0)\n" }.joined())
  }
}
