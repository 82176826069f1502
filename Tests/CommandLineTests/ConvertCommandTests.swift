import Files
import Foundation
import TestSupport
import Testing

@Suite("Checkpoints of other code on the command line")
struct ConvertCommandTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test(
    "forward agrees with the checkpoint's own code, on the checkpoint and on what convert makes of it",
    arguments: ForeignNetwork.names, GoldenTests.devices)
  func forward(name: String, device: String) throws {
    let network = try ForeignNetwork(name), fixture = Fixtures.path("networks/\(name)")
    let converted = try Program.run(["convert", network.path, folder.path("model")])
    #expect(converted.status == 0, "\(converted.error)")
    for (place, model) in [network.path, folder.path("model")].enumerated() {
      var arguments = [
        "forward", "--model", model, "--input", "\(fixture)/sample.npy", "--timesteps", "\(fixture)/timesteps.npy",
        "--output", folder.path("\(place).npy"), "--device", device,
      ]
      let labels = "\(fixture)/class_labels.npy"
      if FileManager.default.fileExists(atPath: labels) { arguments += ["--class-labels", labels] }
      let result = try Program.run(arguments)
      #expect(result.status == 0, "\(result.error)")
      #expect(try GoldenTests.relativeError(folder.path("\(place).npy"), "\(fixture)/expected.npy").error < 1e-5)
    }
    #expect(try fileBytes(folder.path("0.npy")) == fileBytes(folder.path("1.npy")))
  }

  @Test("A converted directory has weights, configuration, scheduler and a card with the source's digest")
  func directory() throws {
    let network = try ForeignNetwork("score-sde")
    let result = try Program.run(["convert", network.path, folder.path("model"), "--json", "--type", "BF16"])
    let json = try JSONValue(result.output, path: "output")
    #expect(json["parameters"]?.int == 685_731 && json["diffusers"] == .boolean(false))
    let files = try FileManager.default.subpathsOfDirectory(atPath: folder.path("model")).sorted()
    #expect(
      files == [
        "README.md", "model_index.json", "scheduler", "scheduler/scheduler_config.json", "unet", "unet/config.json",
        "unet/diffusion_pytorch_model.safetensors",
      ])
    let card = try String(contentsOfFile: folder.path("model/README.md"), encoding: .utf8)
    #expect(try card.contains(MappedFile(network.path).sha256) && card.contains("averages over the training (EMA)"))
    let again = try Program.run(["convert", network.path, folder.path("model")])
    #expect(again.status != 0 && again.error.contains("is there already"))
  }

  @Test("--weights raw takes the last step's weights of a checkpoint, a record says so, and nothing else has a choice")
  func weights() throws {
    let network = try ForeignNetwork("score-sde")
    func sample(_ arguments: [String], _ output: String) throws -> [UInt8] {
      let result = try Program.run(["sample"] + arguments + ["--device", "cpu", "--output", folder.path(output)])
      #expect(result.status == 0, "\(result.error)")
      return try fileBytes(folder.path(output))
    }
    let run = ["--steps", "2", "--count", "1"]
    #expect(
      try Program.run(["convert", network.path, folder.path("raw"), "--weights", "raw", "--quiet"]).status == 0)
    let raw = try sample(["--model", network.path, "--weights", "raw"] + run, "a.npy")
    #expect(try sample(["--model", folder.path("raw")] + run, "b.npy") == raw)
    #expect(try sample(["--model", network.path] + run, "c.npy") != raw)
    #expect(try sample(["--from-record", folder.path("a.json")], "d.npy") == raw)
    for arguments in [["--weights", "raw"], ["--preset", "cifar10", "--model", folder.path("raw")]] {
      let refused = try Program.run(["sample", "--steps", "1"] + arguments)
      #expect(refused.status != 0 && refused.error.contains("is no checkpoint of other code"), "\(refused.error)")
    }
  }

  @Test("EDM's networks are sampled by Heun's method unless another is named")
  func heun() throws {
    let network = try ForeignNetwork("edm-skip")
    func evaluations(_ more: [String]) throws -> Int? {
      let result = try Program.run(
        ["sample", "--model", network.path, "--steps", "3", "--count", "1", "--device", "cpu", "--json", "--quiet"]
          + ["--output", folder.path("edm.npy")] + more)
      #expect(result.status == 0, "\(result.error)")
      return try JSONValue(result.output, path: "output")["function_evaluations"]?.int
    }
    #expect(try evaluations([]) == 5)
    #expect(try evaluations(["--sampler", "euler"]) == 3)
  }

  @Test("sample and info take a checkpoint and its directory, and sample makes the same of both")
  func sample() throws {
    let network = try ForeignNetwork("guided")
    #expect(try Program.run(["convert", network.path, folder.path("model"), "--quiet"]).status == 0)
    for (place, model) in [network.path, folder.path("model")].enumerated() {
      let result = try Program.run([
        "sample", "--model", model, "--steps", "3", "--count", "2", "--class", "3", "--device", "cpu", "--output",
        folder.path("\(place).npy"),
      ])
      #expect(result.status == 0, "\(result.error)")
    }
    #expect(try fileBytes(folder.path("0.npy")) == fileBytes(folder.path("1.npy")))
    let info = try Program.run(["info", folder.path("model")])
    #expect(info.output.contains("parameters   499718"), "\(info.output)\(info.error)")
  }

  @Test("A hostile file, a misfit and a wrong choice are refused in one line, and nothing is written")
  func refusals() throws {
    let misfit = Fixtures.path("checkpoints/misfit-few.pth")
    for (arguments, fault) in [
      ([Fixtures.path("checkpoints/hostile/system.pkl")], "calls os.system"),
      ([Fixtures.path("checkpoints/hostile/legacy.pt")], "legacy.pt: "),
      ([misfit], "ema.shadow_params has 2 tensors, model 3 that are trained"),
      ([misfit, "--weights", "ema"], "--weights 'ema': average or raw"),
      ([folder.path("none.pt")], "there is no such model directory"),
      ([Fixtures.path("mnist/t10k-images-idx3-ubyte.gz")], "is neither a model directory nor a file of weights"),
    ] {
      let output = folder.path("model")
      let result = try Program.run(["convert"] + [arguments[0], output] + arguments.dropFirst())
      #expect(result.status != 0 && result.error.contains(fault), "\(arguments): \(result.error)")
      #expect(result.error.split(separator: "\n").count == 1, "\(result.error)")
      #expect(!FileManager.default.fileExists(atPath: output))
    }
  }
}
