import Foundation
import TestSupport
import Testing

@Suite("--shard and merge", .serialized)
struct ShardCommandTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// A run with classes, a late start and fresh noise in every step, of 11 images.
  private static let settings = [
    "--model", "faces", "--class", "0,1,1", "--sampler", "ddpm-paper", "--late-start", "500", "--steps", "2", "--seeds",
    "3,20-29", "--device", "cpu", "--quiet",
  ]

  @discardableResult
  private func run(_ arguments: [String], fails: Bool = false) throws -> Program.Result {
    let result = try Program.run(arguments)
    #expect((result.status != 0) == fails, "\(arguments): \(result.error)")
    return result
  }

  private func sample(_ more: [String], to output: String) throws {
    try run(["sample"] + Self.settings + more + ["-o", folder.path(output)])
  }

  /// The one line with which a command fails.
  private func fault(_ arguments: [String]) throws -> String {
    let result = try run(arguments, fails: true)
    #expect(result.error.split(separator: "\n").count == 1, "\(result.error)")
    return result.error
  }

  /// All files of a folder, by name.
  private func contents(_ name: String) throws -> [String: [UInt8]] {
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path(name))
    return try Dictionary(uniqueKeysWithValues: names.map { ($0, try fileBytes(folder.path("\(name)/\($0)"))) })
  }

  @Test(
    "Seven parts, drawn and named in any order, are the run of one process byte for byte", arguments: ["npz", "npy"])
  func arrays(form: String) throws {
    try sample([], to: "whole.\(form)")
    let order = [6, 0, 3, 1, 5, 2, 4]
    for index in order { try sample(["--shard", "\(index)/7"], to: "part.\(form)") }
    let parts = order.map { folder.path("part.part-\($0)-of-7.\(form)") }
    try run(["merge", folder.path("merged.\(form)")] + parts)
    for ending in [form, "json"] {
      #expect(try fileBytes(folder.path("merged.\(ending)")) == fileBytes(folder.path("whole.\(ending)")))
    }
    let merged = folder.path("other.\(form)")
    #expect(try fault(["merge", merged] + parts.dropLast()).contains("part 4/7 is missing"))
    #expect(try fault(["merge", merged] + parts + [parts[2]]).contains("is part 3/7, and so is"))
    #expect(try fault(["merge", merged, folder.path("whole.\(form)")]).contains("is no part of a run"))
    #expect(!FileManager.default.fileExists(atPath: merged))
  }

  @Test("Parts in a folder of their own or in one of all are the pictures and the record of one process")
  func folders() throws {
    try sample([], to: "whole/")
    for index in 0..<3 { try sample(["--shard", "\(index)/3"], to: "shared/") }
    try run(["merge", folder.path("copied/"), folder.path("shared/")])
    #expect(try contents("copied") == contents("whole"))
    try run(["merge", folder.path("shared"), folder.path("shared")])
    #expect(try contents("shared") == contents("whole"))

    // A part of which a picture is gone, and its record with it, goes on where it was.
    for index in 0..<2 { try sample(["--shard", "\(index)/2"], to: "\(index)/") }
    let gone = ["000029.png", "run.part-1-of-2.json"].map { folder.path("1/\($0)") }
    for path in gone { try FileManager.default.removeItem(atPath: path) }
    #expect(
      try fault(["merge", folder.path("two/"), folder.path("0"), folder.path("1")]).contains("is no part of a run"))
    try sample(["--shard", "1/2", "--skip-existing"], to: "1/")
    try run(["merge", folder.path("two/"), folder.path("0"), folder.path("1")])
    #expect(try contents("two") == contents("whole"))
    try FileManager.default.removeItem(atPath: gone[1])
    try sample(["--shard", "1/2", "--skip-existing"], to: "1/")
    #expect(FileManager.default.fileExists(atPath: gone[1]))

    // A picture of another run in the place of one.
    try run([
      "sample", "--model", "faces", "--class", "1", "--steps", "1", "--seeds", "29", "--quiet", "-o", folder.path("1/"),
    ])
    #expect(try fault(["merge", folder.path("three/"), folder.path("0"), folder.path("1")]).contains("000029.png"))
  }

  @Test("Parts of different runs, or of another number of parts, are refused")
  func differing() throws {
    try sample(["--shard", "0/2"], to: "a.npz")
    try sample(["--shard", "1/2", "--eta", "0.5", "--sampler", "ddim"], to: "b.npz")
    try sample(["--shard", "1/3"], to: "c.npz")
    let first = folder.path("a.part-0-of-2.npz"), merged = folder.path("merged.npz")
    #expect(
      try fault(["merge", merged, first, folder.path("b.part-1-of-2.npz")]).contains("they are parts of different runs")
    )
    #expect(try fault(["merge", merged, first, folder.path("c.part-1-of-3.npz")]).contains("must be of as many"))
    #expect(try fault(["merge", folder.path("merged.npy"), first]).contains("part 1/2 is missing"))
  }

  @Test("More parts than images leave some empty, and merge does not miss them")
  func emptyParts() throws {
    let few = ["--sampler", "ddim", "--steps", "1", "--count", "2", "--device", "cpu"]
    try run(["sample"] + few + ["-o", folder.path("whole.npy")])
    var parts: [String] = []
    for index in 0..<4 {
      let result = try run(["sample"] + few + ["--shard", "\(index)/4", "-o", folder.path("x.npy")])
      let path = folder.path("x.part-\(index)-of-4.npy")
      if FileManager.default.fileExists(atPath: path) {
        parts.append(path)
      } else {
        #expect(result.error.contains("part \(index)/4 has no images"))
      }
    }
    #expect(parts.count == 2)
    try run(["merge", folder.path("merged.npy")] + parts)
    #expect(try fileBytes(folder.path("merged.npy")) == fileBytes(folder.path("whole.npy")))
  }

  @Test("What cannot be cut into parts is refused in one line")
  func refusals() throws {
    #expect(try fault(["sample", "--shard", "0/2"]).contains("samples.png: pictures of many images cannot be joined"))
    #expect(
      try fault(["sample", "--shard", "0/2", "--animate", "x.png", "-o", "x.npz"]).contains("exclude each other"))
    for text in ["2/2", "-1/2", "1", "1/0", "a/b", "0/2/3"] {
      #expect(try run(["sample", "--shard=\(text)"], fails: true).error.contains("is invalid for '--shard"))
    }
  }

  /// The images of the fixtures, of which there are ten blocks.
  private static let images = Fixtures.path("mnist/t10k-images-idx3-ubyte.gz")

  @Test("Parts of statistics are those of one process byte for byte, classes too; empty parts are parts")
  func statistics() throws {
    func statistics(_ more: [String], to output: String) throws {
      try run(
        ["statistics", "--data", Self.images, "--rank", "20", "--per-class", "--quiet", "-o", folder.path(output)]
          + more)
    }
    try statistics([], to: "whole.safetensors")
    for count in [3, 11] {
      for index in 0..<count { try statistics(["--shard", "\(index)/\(count)"], to: "s.safetensors") }
      let parts = (0..<count).reversed().map { folder.path("s.part-\($0)-of-\(count).safetensors") }
      try run(["merge", folder.path("s.safetensors")] + parts)
      #expect(try fileBytes(folder.path("s.safetensors")) == fileBytes(folder.path("whole.safetensors")))
      #expect(
        try fault(["merge", folder.path("x.safetensors")] + parts.dropLast()).contains("part 0/\(count) is missing"))
      #expect(try fault(["merge", folder.path("x.npz")] + parts).contains(".safetensors is written"))
    }
    let part = folder.path("s.part-1-of-3.safetensors"), before = try fileBytes(part)
    try statistics(["--rank", "5", "--shard", "1/3", "--skip-existing"], to: "s.safetensors")
    #expect(try fileBytes(part) == before)
    #expect(
      try fault(["statistics", "--data", Self.images, "--skip-existing", "-o", folder.path("y.safetensors")])
        .contains("--skip-existing takes --shard"))
    try run([
      "statistics", "--data", Self.images, "--rank", "21", "--per-class", "--quiet", "--shard", "1/3", "-o",
      folder.path("other.safetensors"),
    ])
    let mixed = [
      "s.part-0-of-3.safetensors", "other.part-1-of-3.safetensors", "s.part-2-of-3.safetensors",
    ].map { folder.path($0) }
    #expect(try fault(["merge", folder.path("x.safetensors")] + mixed).contains("'rank' of its record"))
    #expect(!FileManager.default.fileExists(atPath: folder.path("x.safetensors")))
    #expect(
      try fault(["statistics", "--model", "mnist", "--shard", "0/2", "-o", folder.path("y.safetensors")]).contains(
        "--shard"))
  }

  @Test("Parts of features are those of one process byte for byte, and are measured without the network")
  func features() throws {
    let classifier = ["--classifier", "mnist-classifier", "--device", "cpu", "--quiet"]
    func evaluate(_ more: [String]) throws -> String {
      try run(["evaluate", Self.images, "--count", "2100", "--bootstrap", "20", "--json"] + classifier + more).output
    }
    let whole = try evaluate(["--features-out", folder.path("whole.npz")])
    for index in 0..<3 { _ = try evaluate(["--features-out", folder.path("f.npz"), "--shard", "\(index)/3"]) }
    let parts = (0..<3).map { folder.path("f.part-\($0)-of-3.safetensors") }
    try run(["merge", folder.path("f.npz")] + parts)
    #expect(try fileBytes(folder.path("f.npz")) == fileBytes(folder.path("whole.npz")))
    let again = try run(["evaluate", folder.path("f.npz"), "--bootstrap", "20", "--json"] + classifier).output
    #expect(
      again.split(separator: "\n").filter { !$0.contains("\"samples\"") }
        == whole.split(separator: "\n").filter { !$0.contains("\"samples\"") })
    #expect(
      try fault(["evaluate", folder.path("f.npz"), "--classifier", "fashion-mnist-classifier", "--device", "cpu"])
        .contains("another network"))
    #expect(try fault(["evaluate", folder.path("f.npz"), "--count", "2101"] + classifier).contains("2100"))
    #expect(try fault(["evaluate", Self.images, "--shard", "0/2"] + classifier).contains("--features-out"))
    #expect(try fault(["merge", folder.path("f.safetensors")] + parts).contains(".npz is written"))

    let reference = ["statistics", "--data", Self.images, "--rows", "300"] + classifier
    try run(reference + ["-o", folder.path("reference.safetensors")])
    for index in 0..<4 { try run(reference + ["-o", folder.path("r.safetensors"), "--shard", "\(index)/4"]) }
    try run(
      ["merge", folder.path("r.safetensors")] + (0..<4).map { folder.path("r.part-\($0)-of-4.safetensors") })
    #expect(try fileBytes(folder.path("r.safetensors")) == fileBytes(folder.path("reference.safetensors")))
    let testData = reference + ["--test-data", Self.images, "--shard", "0/2", "-o", folder.path("z.safetensors")]
    #expect(try fault(testData).contains("--test-data"))
  }
}
