import Files
import Foundation
import TestSupport
import Testing

@Suite("train --resume", .serialized)
struct TrainResumeCommandTests {
  /// Tensors and texts of a checkpoint, without what depends on the clock.
  private func contents(_ path: String) throws -> (tensors: [String: [Float]], texts: [String: String]) {
    let file = try SafetensorsFile(path)
    return (
      file.entries.mapValues { file.floats($0) }, file.metadata.filter { !["seconds", "sha256"].contains($0.key) }
    )
  }

  private func resume(_ folder: TemporaryFolder, _ run: String = "run", _ more: [String] = []) throws -> Program.Result
  {
    try Program.run(["train", "--resume", "--output", folder.path(run), "--device", "cpu", "--threads", "1"] + more)
  }

  @Test(
    "A run that goes on with nothing but its folder ends as one that was left alone",
    arguments: [
      ["--scheduler", "cosine.json", "--times", "importance", "--seed", "\(UInt64.max)", "--flip", "--shift", "2"],
      ["--prediction", "v_prediction", "--min-snr", "5", "--dropout", "0.1", "--dequantize", "--clip-norm", "0"],
      ["--task", "classifier", "--label-smoothing", "0.1", "--weight-decay", "0.01"],
    ])
  func folderIsEnough(more: [String]) throws {
    let folder = try TrainCommandTests.makeData()
    try "{\"_class_name\": \"DDPMScheduler\", \"beta_schedule\": \"squaredcos_cap_v2\", \"num_train_timesteps\": 4}"
      .write(toFile: folder.path("cosine.json"), atomically: true, encoding: .utf8)
    var arguments = TrainCommandTests.arguments(
      folder, "run", ["--steps", "24", "--checkpoint-every", "8", "--keep", "7"])
    if more.contains("classifier") { arguments.removeSubrange(3...4) }
    let whole = try Program.run(arguments + more.map { $0.hasSuffix(".json") ? folder.path($0) : $0 })
    #expect(whole.status == 0, "\(whole.error)")
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path("run/checkpoints")).sorted()
    try #require(names.count == 3)
    try FileManager.default.createDirectory(atPath: folder.path("half"), withIntermediateDirectories: true)
    try FileManager.default.copyItem(atPath: folder.path("run/checkpoints"), toPath: folder.path("half/checkpoints"))
    for name in names.dropFirst() {
      try FileManager.default.removeItem(atPath: folder.path("half/checkpoints/\(name)"))
    }
    let rest = try resume(folder, "half", ["--quiet"])
    #expect(rest.status == 0, "\(rest.error)")
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path("half/checkpoints")).sorted() == names)
    for name in names {
      let (one, other) = try (
        contents(folder.path("run/checkpoints/\(name)")), contents(folder.path("half/checkpoints/\(name)"))
      )
      #expect(one.texts == other.texts && one.tensors == other.tensors, "\(name)")
    }
    #expect(try !FileManager.default.contentsOfDirectory(atPath: folder.path("half")).contains(".lock"))
  }

  @Test("What is named again is compared; what may change is said")
  func compares() throws {
    let folder = try TrainCommandTests.makeData()
    let first = try Program.run(TrainCommandTests.arguments(folder, "run", ["--steps", "2"]))
    #expect(first.status == 0, "\(first.error)")
    for (arguments, words) in [
      (["--batch", "8"], ["--batch", "batch is 8", "4"]), (["--seed", "1"], ["--seed", "seed is 1", "0"]),
      (["--min-snr", "5"], ["--min-snr", "snr_limit is 5", "null"]), (["--flip"], ["--flip", "true", "false"]),
      (["--task", "classifier"], ["--task", "classifier", "diffusion"]), (["--steps", "1"], ["--steps", "1", "2"]),
      (["--data", Fixtures.path("mnist/t10k-images-idx3-ubyte.gz")], ["--data", "shape"]),
      (["--keep", "0"], ["--keep", "keep is 0", "1000000"]),
      (["--export", folder.path("config.json")], ["config.json"]),
      (["--preview", folder.path("none/x.png")], ["none"]),
    ] {
      let result = try resume(folder, "run", arguments + ["--quiet"])
      #expect(result.status != 0, "\(arguments)")
      #expect(
        result.error.split(separator: "\n").count == 1 && words.allSatisfy(result.error.contains), "\(result.error)")
    }
    let result = try resume(folder, "run", ["--steps", "3", "--learning-rate", "0.002", "--checkpoint-every", "1"])
    #expect(result.status == 0 && result.output.contains("3 steps"))
    for note in ["steps is 3 instead of 2", "learning_rate is 0.002 instead of 0.001", "checkpoint_every is 1"] {
      #expect(result.error.contains(note), "\(result.error)")
    }
  }

  @Test("A folder in which a training runs is refused to a second one")
  func locks() throws {
    let folder = try TrainCommandTests.makeData()
    let first = try Program.run(TrainCommandTests.arguments(folder, "run", ["--steps", "2"]))
    #expect(first.status == 0, "\(first.error)")
    let lock = try FolderLock(folder.path("run"))
    let second = try withExtendedLifetime(lock) { try resume(folder, "run", ["--steps", "4", "--quiet"]) }
    #expect(second.status != 0 && second.error.split(separator: "\n").count == 1)
    #expect(second.error.contains("in use"), "\(second.error)")
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path("run/checkpoints")).count == 1)
  }

  @Test("Numbers beyond their limits, and paths that cannot be written, are one line before the first step")
  func limits() throws {
    let folder = try TrainCommandTests.makeData()
    for (arguments, word) in [
      (["--batch", "9223372036854775807"], "batch"), (["--batch", "2305843009213693952"], "batch"),
      (["--batch", "1000000000000"], "batch"), (["--batch", "1048576", "--max-memory", "100MB"], "--batch"),
      (["--steps", "100000000"], "steps"), (["--warm-up=-1"], "warm_up"), (["--shift", "65537"], "shift"),
      (["--checkpoint-every", "9223372036854775807"], "--checkpoint-every"), (["--keep", "0"], "--keep"),
      (["--samples-every=-1"], "--samples-every"), (["--export", folder.path("config.json/model")], "config.json"),
      (["--preview", folder.path("none/x.png")], "none"), (["--allow-other-data"], "--resume"),
    ] {
      let result = try Program.run(TrainCommandTests.arguments(folder, "run", arguments.map { "\($0)" }))
      #expect(result.status != 0 && result.error.split(separator: "\n").count == 1, "\(arguments): \(result.error)")
      #expect(result.error.contains(word), "\(result.error)")
      #expect(!FileManager.default.fileExists(atPath: folder.path("run")), "\(arguments)")
    }
    let nothing = try Program.run(["train", "--output", folder.path("run"), "--device", "cpu"])
    #expect(nothing.status != 0 && nothing.error.contains("--data: "))
  }

  @Test("A network of one image is exported without statistics, which is said before the first step")
  func oneImage() throws {
    let folder = try TrainCommandTests.makeData(images: 1)
    let arguments = TrainCommandTests.arguments(folder, "run", ["--steps", "2", "--export", folder.path("model")])
    let result = try Program.run(arguments.filter { $0 != "--quiet" })
    #expect(result.status == 0, "\(result.error)")
    #expect(result.error.contains("without statistics"))
    #expect(FileManager.default.fileExists(atPath: folder.path("model/model_index.json")))
    #expect(!FileManager.default.fileExists(atPath: folder.path("model/statistics.safetensors")))
  }
}
