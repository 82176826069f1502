import Files
import Foundation
import TestSupport
import Testing

@Suite("sample --from-record", .serialized)
struct RecordTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func run(_ arguments: [String], fails: Bool = false) throws -> Program.Result {
    let result = try Program.run(arguments + ["--quiet"], environment: ["DIFFUSE_DEVICE": "cpu"])
    #expect((result.status != 0) == fails, "\(result.error)")
    return result
  }

  private static let runs = [
    ("png", "--sampler ddim --steps 2 --count 3 --zoom 2"),
    ("npz", "--sampler dpm++2m --steps 2 --late-start 500 --count 3"),
    ("npy", "--sampler heun --steps 2 --late-start 400 --late-start-init flow --count 2 --rng torch"),
    ("npz", "--model faces --class 1 --guidance 2 --sampler dpm++2m --steps 2 --count 2"),
    ("png", "--model faces --class 0 --guidance 1.5 --sampler ddpm --steps 2 --late-start 600 --count 2 --exact"),
  ]

  @Test("The same bytes again, records included", arguments: runs, ["cpu", "opencl"])
  func repeats(run: (form: String, arguments: String), device: String) throws {
    let (first, second) = (folder.path("a.\(run.form)"), folder.path("b.\(run.form)"))
    let words = run.arguments.split(separator: " ").map(String.init)
    _ = try self.run(["sample", "--output", first, "--device", device] + words)
    _ = try self.run(["sample", "--output", second, "--from-record", folder.path("a.json")])
    #expect(try fileBytes(first) == fileBytes(second))
    #expect(try fileBytes(folder.path("a.json")) == fileBytes(folder.path("b.json")))
  }

  @Test(
    "Also of exact scores and worlds, of seeds beyond 2^53, and from a picture",
    arguments: [
      "--world hypersphere:5 --batch 7 --count 20 --sampler ddim", "--sampler ddim --eta 0.5 --no-clip --seeds 7-9,3",
      "--seeds 18446744073709551615 --sampler ddim", "--world two-points --late-start 300 --sampler ddpm",
    ])
  func repeatsOthers(arguments: String) throws {
    let words = arguments.split(separator: " ").map(String.init)
    _ = try run(["sample", "--steps", "3", "--output", folder.path("a.npy")] + words)
    _ = try run(["sample", "--output", folder.path("b.npy"), "--from-record", folder.path("a.json")])
    #expect(try fileBytes(folder.path("a.npy")) == fileBytes(folder.path("b.npy")))
  }

  @Test("A picture carries its record")
  func picture() throws {
    _ = try run(["sample", "--steps", "2", "--sampler", "ddim", "--count", "2", "--output", folder.path("a.png")])
    _ = try run(["sample", "--from-record", folder.path("a.png"), "--output", folder.path("b.png")])
    #expect(try fileBytes(folder.path("a.png")) == fileBytes(folder.path("b.png")))
  }

  @Test("What does not fit a record is refused in one line")
  func refuses() throws {
    let record = folder.path("a.json"), output = ["--output", folder.path("b.npy")]
    _ = try run(["sample", "--steps", "2", "--sampler", "ddim", "--count", "1", "--output", folder.path("a.npy")])
    let text = try String(contentsOfFile: record, encoding: .utf8)
    func expectRefusal(_ arguments: [String], _ expected: String) throws {
      let result = try run(["sample"] + arguments + output, fails: true)
      #expect(result.error.split(separator: "\n").count == 1 && result.error.contains(expected), "\(result.error)")
      #expect(!FileManager.default.fileExists(atPath: folder.path("b.npy")))
    }
    try expectRefusal(["--from-record", record, "--steps", "3"], "--steps")
    try expectRefusal(["--from-record", record, "--precision", "bfloat16"], "--precision")
    try expectRefusal(["--from-record", folder.path("none.json")], "none.json")
    let digest = try #require(text.firstMatch(of: /"diffusion_pytorch_model.safetensors": "([0-9a-f]{64})"/)).1
    for (name, other, expected) in [
      (String(digest), String(repeating: "0", count: 64), "diffusion_pytorch_model.safetensors"),
      ("\"steps\": 2", "\"steps\": \"two\"", "steps"), ("\"request\"", "\"no_request\"", "request"),
      ("\"seeds\": \"0\"", "\"seeds\": \"0-\"", "0-"),
    ] {
      #expect(text.contains(name), "\(name)")
      let broken = folder.path("broken.json")
      try text.replacingOccurrences(of: name, with: other).write(toFile: broken, atomically: true, encoding: .utf8)
      try expectRefusal(["--from-record", broken], expected)
    }
  }

  @Test("The record's SHA-256 of the weights is that of the file")
  func digests() throws {
    let model = Fixtures.path("sampling/random"), file = "unet/diffusion_pytorch_model.safetensors"
    _ = try run([
      "sample", "--model", model, "--sampler", "ddim", "--steps", "1", "--count", "1", "--output", folder.path("a.npy"),
    ])
    let record = try JSONValue(contentsOf: folder.path("a.json"))
    let process = Process(), pipe = Pipe()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/sha256sum")
    process.arguments = ["\(model)/\(file)"]
    process.standardOutput = pipe
    try process.run()
    let printed = String(decoding: try pipe.readToEnd(), as: UTF8.self)
    #expect(record["files"]?["diffusion_pytorch_model.safetensors"]?.string == String(printed.prefix(64)))
  }
}
