import Files
import Foundation
import TestSupport
import Testing

@Suite("train --from", .serialized)
struct FineTuningTests {
  let folder: TemporaryFolder

  init() throws { folder = try TrainCommandTests.makeData() }

  /// A training of small images, without the network's configuration.
  private func train(_ run: String, _ more: [String]) throws -> Program.Result {
    var arguments = TrainCommandTests.arguments(folder, run, more)
    arguments.removeSubrange(3...4)
    return try Program.run(arguments)
  }

  /// A line of standard error, nothing else printed and no folder made.
  private func fault(_ more: [String]) throws -> String {
    let result = try train("none", more)
    #expect(result.status != 0 && result.output.isEmpty && result.error.split(separator: "\n").count == 1)
    #expect(!FileManager.default.fileExists(atPath: folder.path("none")))
    return result.error
  }

  private func weights(_ path: String) throws -> [String: [Float]] {
    let file = try SafetensorsFile(folder.path(path))
    return file.entries.mapValues { file.floats($0) }
  }

  private func loss(_ run: String) throws -> Double {
    let line = try #require(
      String(contentsOfFile: folder.path("\(run)/log.jsonl"), encoding: .utf8).split(separator: "\n").first)
    return try #require(JSONValue(String(line), path: "log")["loss"]?.double)
  }

  /// A denoiser of velocities in 60 steps.
  private func makeModel() throws {
    let result = try Program.run(
      TrainCommandTests.arguments(
        folder, "first",
        [
          "--steps", "60", "--prediction", "v_prediction", "--learning-rate", "0.01", "--average-decay", "0.9",
          "--export", folder.path("model"),
        ]))
    #expect(result.status == 0, "\(result.error)")
  }

  @Test("A run begins with a model's weights, network, scheduler and prediction, and resumes bit for bit")
  func denoiser() throws {
    try makeModel()
    let from = ["--from", folder.path("model"), "--learning-rate", "0.0000001", "--average-decay", "0"]
    let tuned = try train("tuned", from + ["--steps", "4", "--export", folder.path("tuned-model")])
    #expect(tuned.status == 0, "\(tuned.error)")
    let before = try weights("model/unet/diffusion_pytorch_model.safetensors")
    let after = try weights("tuned-model/unet/diffusion_pytorch_model.safetensors")
    #expect(before.keys == after.keys && before != after)
    for (name, values) in before {
      let far = zip(values, after[name] ?? []).map { abs($0 - $1) }.max() ?? 1
      #expect(far < 1e-5, "\(name) moved by \(far)")
    }
    for name in ["unet/config.json", "scheduler/scheduler_config.json"] {
      #expect(try fileBytes(folder.path("model/\(name)")) == fileBytes(folder.path("tuned-model/\(name)")))
    }
    #expect(try loss("tuned") < 0.8 * loss("first"))

    #expect(try train("half", from + ["--steps", "2"]).status == 0)
    let resumed = try Program.run([
      "train", "--resume", "--steps", "4", "--output", folder.path("half"), "--device", "cpu", "--threads", "1",
      "--quiet",
    ])
    #expect(resumed.status == 0, "\(resumed.error)")
    let path = "checkpoints/step-00000004.safetensors"
    #expect(try weights("half/\(path)") == weights("tuned/\(path)"))
    let origin = try JSONValue(
      #require(SafetensorsFile(folder.path("half/\(path)")).metadata["origin"]), path: "origin")
    #expect(origin["model"]?.string == folder.path("model") && origin["weights"]?.object?.count == 1)
  }

  @Test("A classifier goes on from another")
  func classifier() throws {
    let task = ["--task", "classifier", "--steps", "3"]
    #expect(try train("first", task + ["--export", folder.path("c")]).status == 0)
    let tuned = try train(
      "tuned",
      task + [
        "--from", folder.path("c"), "--learning-rate", "0.0000001", "--average-decay", "0", "--export",
        folder.path("d"),
      ])
    #expect(tuned.status == 0, "\(tuned.error)")
    let before = try weights("c/classifier.safetensors"), after = try weights("d/classifier.safetensors")
    #expect(before.allSatisfy { name, values in zip(values, after[name] ?? []).allSatisfy { abs($0 - $1) < 1e-5 } })
  }

  @Test("What contradicts the model is one line, and nothing is written")
  func faults() throws {
    try makeModel()
    let from = ["--from", folder.path("model")]
    #expect(try fault(from + ["--config", folder.path("config.json")]).hasPrefix("Error: --config: "))
    #expect(try fault(from + ["--scheduler", folder.path("config.json")]).hasPrefix("Error: --scheduler: "))
    #expect(
      try fault(from + ["--prediction", "epsilon"]).contains("--prediction: prediction is epsilon, ")
        && fault(from + ["--prediction", "epsilon"]).contains("predicts v_prediction"))
    #expect(try fault(from + ["--resume"]).hasPrefix("Error: --from: is for a new run"))
    #expect(try fault(["--from", "faces"]).contains("a network of 3 channels for images of 1x8x8"))
    #expect(try fault(["--from", folder.path("nothing")]).contains("there is no such model directory"))
    #expect(try fault(["--from", "mnist", "--task", "classifier"]).contains("mnist"))
    #expect(
      try fault(["--from", Fixtures.path("checkpoints/edm-song.pkl")]).contains("channels for images of 1x8x8"))
  }
}
