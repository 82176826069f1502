import Files
import Foundation
import TestSupport
import Testing

@Suite("train", .serialized)
struct TrainCommandTests {
  /// A folder with thirty small images, their labels, and a tiny network.
  static func makeData(images: Int = 30, labels: Int? = nil, cutBy: Int = 0) throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    func word(_ value: Int) -> [UInt8] { [24, 16, 8, 0].map { UInt8(value >> $0 & 255) } }
    var pixels = word(2051) + word(images) + word(8) + word(8)
    for image in 0..<images {
      for pixel in 0..<64 {
        let isBright = (pixel % 8 + pixel / 8 + image) % (image % 3 + 2) == 0
        pixels.append(isBright ? 250 : UInt8(image % 5))
      }
    }
    let count = labels ?? images
    let numbers = word(2049) + word(count) + (0..<count).map { UInt8($0 % 3) }
    try Data(pixels.dropLast(cutBy)).write(to: URL(filePath: folder.path("train-images-idx3-ubyte")))
    try Data(numbers).write(to: URL(filePath: folder.path("train-labels-idx1-ubyte")))
    let config = """
      {"_class_name": "UNet2DModel", "sample_size": 8, "in_channels": 1, "out_channels": 1, "layers_per_block": 1,
       "block_out_channels": [8, 8], "down_block_types": ["DownBlock2D", "AttnDownBlock2D"],
       "up_block_types": ["AttnUpBlock2D", "UpBlock2D"], "norm_num_groups": 4, "attention_head_dim": null,
       "num_class_embeds": null}
      """
    try config.write(toFile: folder.path("config.json"), atomically: true, encoding: .utf8)
    return folder
  }

  static func arguments(_ folder: TemporaryFolder, _ run: String, _ more: [String] = []) -> [String] {
    [
      "train", "--data", folder.url.path, "--config", folder.path("config.json"), "--output", folder.path(run),
      "--batch",
      "4",
      "--warm-up", "2", "--device", "cpu", "--threads", "1", "--samples-every", "0", "--quiet",
    ] + more
  }

  @Test("A trained network is exported, and sampled by the same program")
  func exports() throws {
    let folder = try Self.makeData()
    let trained = try Program.run(
      Self.arguments(folder, "run", ["--steps", "12", "--samples-every", "12", "--export", folder.path("model")]))
    #expect(trained.status == 0, "\(trained.error)")
    #expect(trained.output.contains("12 steps"))
    for name in [
      "run/loss.svg", "run/log.jsonl", "run/samples/step-00000012.png", "run/checkpoints/step-00000012.safetensors",
      "model/model_index.json", "model/unet/config.json", "model/scheduler/scheduler_config.json",
      "model/statistics.safetensors",
    ] {
      #expect(FileManager.default.fileExists(atPath: folder.path(name)), "\(name)")
    }
    let log = try String(contentsOfFile: folder.path("run/log.jsonl"), encoding: .utf8)
    #expect(log.split(separator: "\n").count == 12)
    let sampled = try Program.run([
      "sample", "--model", folder.path("model"), "--steps", "3", "--count", "2", "--device", "cpu", "--output",
      folder.path("x.png"), "--late-start", "400",
    ])
    #expect(sampled.status == 0, "\(sampled.error)")
  }

  @Test("A classifier is trained, exported and asked")
  func classifies() throws {
    let folder = try Self.makeData()
    var arguments = Self.arguments(
      folder, "run", ["--task", "classifier", "--steps", "6", "--export", folder.path("c")])
    arguments.removeSubrange(3...4)
    let trained = try Program.run(arguments)
    #expect(trained.status == 0, "\(trained.error)")
    let asked = try Program.run(["classify", folder.url.path, "--classifier", folder.path("c"), "--device", "cpu"])
    #expect(asked.status == 0, "\(asked.error)")
    #expect(asked.output.contains("of 30 right"))
  }

  @Test("A classifier's test images and export are looked at before the first step")
  func classifierFaults() throws {
    let folder = try Self.makeData(), unlabelled = try Self.makeData(labels: 7)
    try FileManager.default.removeItem(atPath: unlabelled.path("train-labels-idx1-ubyte"))
    var arguments = Self.arguments(folder, "run", ["--task", "classifier", "--steps", "2"])
    arguments.removeSubrange(3...4)
    try FileManager.default.createDirectory(atPath: folder.path("taken"), withIntermediateDirectories: true)
    try Data("mine".utf8).write(to: URL(filePath: folder.path("taken/config.json")))
    for (more, words) in [
      (["--test-data", folder.path("absent")], "absent: there is no such file or folder"),
      (["--test-data", unlabelled.url.path], "0 kinds of label for the 1 heads"),
      (["--export", folder.path("taken")], "taken/config.json: is there already"),
      (["--export", folder.path("train-images-idx3-ubyte/model")], "train-images-idx3-ubyte: is a file, not a folder"),
    ] {
      let found = try Program.run(arguments + more)
      #expect(found.status != 0 && found.error.contains(words), "\(found.error)")
      #expect(!FileManager.default.fileExists(atPath: folder.path("run")))
      #expect(try String(contentsOfFile: folder.path("taken/config.json"), encoding: .utf8) == "mine")
    }
  }

  @Test("A log that was lost begins anew, and later interruptions keep its lines")
  func lostLog() throws {
    let folder = try Self.makeData()
    func train(_ steps: Int, _ more: [String]) throws {
      let run = try Program.run(
        ["train", "--output", folder.path("run"), "--steps", "\(steps)", "--device", "cpu", "--quiet"] + more)
      #expect(run.status == 0, "\(run.error)")
    }
    func steps() throws -> [Int] {
      try String(contentsOfFile: folder.path("run/log.jsonl"), encoding: .utf8).split(separator: "\n")
        .map { try #require(try JSONValue($0, path: "log")["step"]?.int) }
    }
    let new = try Program.run(Self.arguments(folder, "run", ["--steps", "2"]))
    #expect(new.status == 0)
    try FileManager.default.removeItem(atPath: folder.path("run/log.jsonl"))
    try train(4, ["--resume"])
    try train(6, ["--resume"])
    #expect(try steps() == [3, 4, 5, 6])
  }

  @Test("The carried classifier knows real digits; the carried model's samples are closer to them than noise is")
  func carriedModels() throws {
    let folder = try TemporaryFolder(), digits = Fixtures.path("mnist/t10k-images-idx3-ubyte.gz")
    let asked = try Program.run(["classify", digits, "--classifier", "mnist-classifier", "--device", "cpu", "--json"])
    #expect(asked.status == 0, "\(asked.error)")
    let answers = try JSONSerialization.jsonObject(with: Data(asked.output.utf8)) as? [String: Any]
    let questions = try #require(answers?["questions"] as? [[String: Any]])
    #expect(try #require(questions[0]["accuracy"] as? Double) > 0.98)
    func sampled(_ steps: String, _ more: [String]) throws -> String {
      let path = folder.path("\(steps).npy")
      let result = try Program.run(
        [
          "sample", "--model", "mnist", "--sampler", "ddim", "--steps", steps, "--count", "40", "--device", "cpu",
          "--output", path,
        ] + more)
      #expect(result.status == 0, "\(result.error)")
      return path
    }
    let samples = try [sampled("10", []), sampled("2", ["--late-start", "300", "--late-start-init", "noise"])]
    let result = try Program.run(
      ["evaluate", "--classifier", "mnist-classifier", "--data", digits, "--device", "cpu", "--json"] + samples)
    #expect(result.status == 0, "\(result.error)")
    let distances = try JSONValue(result.output, path: "evaluate").array?.compactMap {
      $0["feature_frechet_distance"]?.double
    }
    let (own, far) = try (#require(distances?.first), #require(distances?.last))
    #expect(own < 0.5 * far)
  }

  @Test("kill -9 at random moments loses no checkpoint, and the final weights are those of a run that was left alone")
  func survivesKills() throws {
    let folder = try Self.makeData()
    let steps = ["--steps", "\(100 * Program.kills)", "--checkpoint-every", "4", "--export"]
    let begin = ContinuousClock.now
    let whole = try Program.run(Self.arguments(folder, "whole", steps + [folder.path("a")]))
    #expect(whole.status == 0, "\(whole.error)")
    let duration = (ContinuousClock.now - begin) / .seconds(1)
    func resumption() -> [String] {
      let saved = try? FileManager.default.contentsOfDirectory(atPath: folder.path("killed/checkpoints"))
      return (saved ?? []).contains { $0.hasSuffix(".safetensors") } ? ["--resume"] : []
    }
    // No longer than the run as a whole takes, so that there is something left to kill every time.
    try Program.killRepeatedly(within: duration / Double(Program.kills)) { _, hasEnded in
      if hasEnded { for name in ["killed", "b"] { try? FileManager.default.removeItem(atPath: folder.path(name)) } }
      return Self.arguments(folder, "killed", steps + [folder.path("b")] + resumption())
    }
    if !FileManager.default.fileExists(atPath: folder.path("b/model_index.json")) {
      try? FileManager.default.removeItem(atPath: folder.path("b"))
      let rest = try Program.run(
        Self.arguments(folder, "killed", steps + [folder.path("b")] + resumption()))
      #expect(rest.status == 0, "\(rest.error)")
    }
    let name = "unet/diffusion_pytorch_model.safetensors"
    #expect(
      try Data(contentsOf: URL(filePath: folder.path("a/\(name)")))
        == Data(contentsOf: URL(filePath: folder.path("b/\(name)"))))
    let losses = { (run: String) in
      try String(contentsOfFile: folder.path("\(run)/log.jsonl"), encoding: .utf8).split(separator: "\n").map {
        $0.split(separator: ",").filter { $0.contains("loss") }.joined()
      }
    }
    #expect(try losses("whole") == losses("killed"))
  }

  @Test("Ctrl-C saves and stops; --resume goes on")
  func stops() throws {
    let folder = try Self.makeData()
    let steps = ["--steps", "100000", "--checkpoint-every", "100000"]
    let log = folder.path("run/log.jsonl")
    let stopped = try Program.run(Self.arguments(folder, "run", steps)) {
      ((try? FileManager.default.attributesOfItem(atPath: log)[.size] as? Int) ?? 0) > 500
    }
    #expect(stopped.status == 130)
    #expect(stopped.output.contains("go on with --resume"))
    let saved = try FileManager.default.contentsOfDirectory(atPath: folder.path("run/checkpoints"))
    #expect(saved.count == 1)
    let again = try Program.run(Self.arguments(folder, "run", steps))
    #expect(again.status != 0 && again.error.contains("go on with --resume"))
    let other = try Program.run(Self.arguments(folder, "other", ["--resume"]))
    #expect(other.status != 0 && other.error.contains("holds no checkpoint"))
  }

  @Test("A file called stop and a time limit save and stop with a status of their own; what follows is the whole run")
  func stopsForQueues() throws {
    let folder = try Self.makeData(), steps = ["--steps", "40", "--checkpoint-every", "1000"]
    let whole = try Program.run(Self.arguments(folder, "whole", steps + ["--export", folder.path("one")]))
    #expect(whole.status == 0, "\(whole.error)")
    try FileManager.default.createDirectory(atPath: folder.path("run"), withIntermediateDirectories: true)
    try Data().write(to: URL(filePath: folder.path("run/stop")))
    let first = try Program.run(Self.arguments(folder, "run", steps))
    #expect(first.status == 75)
    #expect(first.output.contains("stopped after 1 of 40 steps"))
    #expect(!FileManager.default.fileExists(atPath: folder.path("run/stop")))
    let second = try Program.run(Self.arguments(folder, "run", ["--resume", "--export", folder.path("other")]))
    #expect(second.status == 0, "\(second.error)")
    let weights = "diffusion_pytorch_model.safetensors"
    #expect(
      FileManager.default.contents(atPath: folder.path("one/unet/\(weights)")) != nil
        || FileManager.default.contents(atPath: folder.path("one/\(weights)")) != nil)
    for name in ["unet/\(weights)", weights] {
      #expect(
        FileManager.default.contents(atPath: folder.path("one/\(name)"))
          == FileManager.default.contents(atPath: folder.path("other/\(name)")))
    }
    let limited = try Program.run(
      Self.arguments(folder, "limited", ["--steps", "1000000", "--time-limit", "1s", "--checkpoint-every", "1000000"]))
    #expect(limited.status == 75 && limited.output.contains("go on with --resume"), "\(limited.error)")
    for text in ["5", "1:2:3:4", "0s", "-1m", "1:60", "9999999h", "soon"] {
      let result = try Program.run(Self.arguments(folder, "refused", ["--steps", "1", "--time-limit=\(text)"]))
      #expect(result.status != 0 && result.error.contains("--time-limit '\(text)'"), "\(text): \(result.error)")
    }
  }

  @Test(
    "Started several times, what cannot find its others is refused in one line; a shard of its own is none of these")
  func launchers() throws {
    let folder = try Self.makeData(), arguments = Self.arguments(folder, "run", ["--steps", "2"])
    let slurm = ["SLURM_STEP_NUM_TASKS": "4", "SLURM_PROCID": "1"]
    let torch = ["WORLD_SIZE": "2", "RANK": "0", "MASTER_ADDR": "localhost"]
    for (variables, fault) in [(slurm, "started 4 times by srun"), (torch, "started 2 times by torchrun")] {
      let result = try Program.run(arguments, environment: variables)
      #expect(result.status != 0 && result.error.contains(fault), "\(result.error)")
      #expect(result.error.split(separator: "\n").count == 1)
      #expect(!FileManager.default.fileExists(atPath: folder.path("run")))
    }
    let missing = try Program.run(
      arguments, environment: ["PMI_SIZE": "2", "PMI_RANK": "0", "DIFFUSE_MPI": "/there/is/none.so"])
    #expect(missing.status != 0 && missing.error.contains("/there/is/none.so"), "\(missing.error)")
    let other = try Program.run(["devices"], environment: torch)
    #expect(other.status != 0 && other.error.contains("started 2 times"), "\(other.error)")
    let shard = try Program.run(
      [
        "sample", "--sampler", "ddim", "--steps", "1", "--count", "2", "--shard", "1/2", "--device", "cpu", "--quiet",
        "--output", folder.path("x.npy"),
      ], environment: slurm)
    #expect(shard.status == 0, "\(shard.error)")
    #expect(try Program.run(["devices"], environment: slurm).status == 0)
  }

  @Test("What is wrong with the input is said in one line, and nothing is left behind")
  func refuses() throws {
    func error(_ folder: TemporaryFolder, _ more: [String] = []) throws -> String {
      let result = try Program.run(Self.arguments(folder, "run", ["--steps", "2"] + more))
      #expect(result.status != 0)
      #expect(result.error.split(separator: "\n").count == 1, "\(result.error)")
      let saved = try? FileManager.default.contentsOfDirectory(atPath: folder.path("run/checkpoints"))
      #expect((saved ?? []).isEmpty)
      return result.error
    }
    #expect(try error(Self.makeData(cutBy: 5)).contains("cut short"))
    #expect(try error(Self.makeData(labels: 29)).contains("29 labels for 30 images"))
    let folder = try Self.makeData()
    #expect(try error(folder, ["--label", "1"]).contains("--label 1"))
    #expect(try error(folder, ["--label", "0"]).contains("num_class_embeds"))
    #expect(try error(folder, ["--batch", "0"]).contains("batch is 0"))
    #expect(try error(folder, ["--prediction", "noise"]).contains("--prediction 'noise'"))
    #expect(try error(folder, ["--task", "sorting"]).contains("--task 'sorting'"))
  }
}
