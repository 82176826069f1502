import Files
import Foundation
import TestSupport
import Testing
import diffuse_gpu

@Suite("Streams may fail", .serialized)
struct StreamTests {
  let folder: TemporaryFolder
  private static let model = Fixtures.path("sampling/random")

  init() throws { folder = try TemporaryFolder() }

  /// Runs the program from a shell, which redirects its streams.
  private func run(_ arguments: [String], _ redirection: String) throws -> Program.Result {
    let quoted = ([try Program.path] + arguments).map { "'\($0)'" }.joined(separator: " ")
    return try Program.run(["-c", "\(quoted) \(redirection)"], program: "/bin/sh")
  }

  private func sample(_ output: String, _ more: [String] = []) -> [String] {
    ["sample", "--model", Self.model, "--steps", "2", "--count", "2", "--device", "cpu", "-o", folder.path(output)]
      + more
  }

  @Test("Standard error that takes nothing ends no run", arguments: ["2>&-", "2>/dev/full", "0<&- 2>&-"])
  func standardError(redirection: String) throws {
    let data = try TrainCommandTests.makeData(), run = folder.path("run"), pixels = folder.path("s.safetensors")
    let commands = [
      sample("x.png"), ["statistics", "--data", data.url.path, "-o", pixels], ["info"], ["devices"],
      [
        "train", "--data", data.url.path, "--config", data.path("config.json"), "--output", run, "--batch", "4",
        "--samples-every", "0", "--steps", "4", "--device", "cpu", "--threads", "1",
      ],
    ]
    for command in commands {
      let result = try self.run(command, redirection)
      #expect(result.status == 0, "\(command[0])")
      #expect(!result.output.isEmpty)
    }
    for name in ["x.png", "x.json", "s.safetensors", "run/checkpoints/step-00000004.safetensors"] {
      #expect(FileManager.default.fileExists(atPath: folder.path(name)), "\(name)")
    }
    // Nor does an error that cannot be said count as success.
    #expect(try self.run(["info", "nowhere"], redirection).status == 1)
  }

  @Test(
    "Standard output that takes nothing is one line and a failure; what was made stays",
    arguments: [">&-", ">/dev/full"])
  func standardOutput(redirection: String) throws {
    let commands = [
      sample("x.npy"), sample("y.npy", ["--json"]), ["devices"], ["info"], ["--help"], ["sample", "--help"],
      ["--version"],
      ["check", "--device", "cpu", "--only", "fill", "--verbose"],
    ]
    for command in commands {
      let result = try run(
        command + (command[0].hasPrefix("-") || command.contains("--help") ? [] : ["--quiet"]), redirection)
      #expect(result.status == 1, "\(command)")
      #expect(result.error.split(separator: "\n").count == 1, "\(command): \(result.error)")
      #expect(result.error.hasPrefix("Error: standard output cannot be written: "), "\(result.error)")
    }
    #expect(try folder.listing() == ["x.json", "x.npy", "y.json", "y.npy"])
  }

  @Test("A pipe that nobody reads from ends a run after its files are written, not before")
  func pipes() throws {
    let script =
      "{ sleep 1; \(try Program.path) \(sample("x.npz", ["--quiet"]).joined(separator: " ")); echo $? >&2; } | true"
    let result = try Program.run(["-c", script], program: "/bin/sh")
    #expect(
      result.error.split(separator: "\n").map(String.init) == [
        "Error: standard output cannot be written: Broken pipe", "1",
      ])
    #expect(try NumpyArchive.array("arr_0", in: folder.path("x.npz")).shape[0] == 2)
  }

  @Test("Files that are opened while a stream is closed do not take its place")
  func closedStreams() throws {
    let images = NumpyArray((0..<64).map { Float($0 % 7) / 7 }, shape: [4, 1, 4, 4])
    try OutputFile.write(images.encoded(), to: folder.path("images.npy"))
    let open = ["statistics", "--data", folder.path("images.npy"), "-o", folder.path("a.safetensors")]
    #expect(try run(open, "").status == 0)
    let closed = ["statistics", "--data", folder.path("images.npy"), "-o", folder.path("b.safetensors")]
    #expect(try run(closed, "0<&- 1>&- 2>&-").status == 1)
    #expect(try fileBytes(folder.path("a.safetensors")) == fileBytes(folder.path("b.safetensors")))
  }

  @Test("A file beyond ulimit -f is one line, and nothing is left")
  func fileLimit() throws {
    let arguments = sample("x.npy", ["--quiet"]).joined(separator: " ")
    let result = try Program.run(["-c", "ulimit -f 0; \(try Program.path) \(arguments)"], program: "/bin/sh")
    #expect(result.status == 1)
    #expect(result.error == "Error: \(folder.path("x.npy")): cannot be written: File too large\n")
    #expect(try folder.listing().isEmpty)
  }

  @Test("A hang-up is treated as SIGTERM, also when it comes twice, and is ignored under nohup")
  func hangUp() throws {
    let first = folder.path("p/000001.png")
    let arguments = [
      "sample", "--steps", "20", "--count", "4000", "--batch", "1", "--device", "cpu", "-o", folder.path("p"),
    ]
    let script = """
      trap '' INT; \(try Program.path) \(arguments.joined(separator: " ")) & pid=$!
      while [ ! -e \(first) ]; do sleep 0.02; done; kill -HUP $pid; kill -HUP $pid; wait $pid
      """
    let result = try Program.run(["-c", script], program: "/bin/sh")
    #expect(result.status == 130, "\(result.error)")
    #expect(result.error.contains("stopped: "))
    #expect(FileManager.default.fileExists(atPath: folder.path("p/run.json")))
    #expect(
      try !FileManager.default.contentsOfDirectory(atPath: folder.path("p")).contains { $0.hasSuffix(".partial") })
    let ignoring = """
      trap '' HUP; \(try Program.path) \(sample("q/").joined(separator: " ")) & pid=$!
      while kill -HUP $pid 2>/dev/null; do sleep 0.02; done; wait $pid
      """
    let kept = try Program.run(["-c", ignoring], program: "/bin/sh")
    #expect(kept.status == 0, "\(kept.error)")
  }

  @Test("A file that is cut short while it is mapped ends the program with one line")
  func lostPages() async throws {
    let result = await #expect(processExitsWith: .exitCode(1), observing: [\.standardErrorContent]) {
      LostPages.explain()
      let folder = try TemporaryFolder(), path = folder.path("x")
      try OutputFile.write([UInt8](repeating: 7, count: 100_000), to: path)
      let file = try MappedFile(path)
      truncate(path, 0)
      try FileManager.default.removeItem(at: folder.url)
      withExtendedLifetime(file) { print(file.bytes[99_999]) }
    }
    #expect(
      try #require(result).standardErrorContent
        == Array("Error: a file that is read was cut short meanwhile, or its disk failed\n".utf8))
  }
}
