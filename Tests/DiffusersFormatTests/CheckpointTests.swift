import CheckpointFormats
import DiffusersFormat
import Files
import Foundation
import Networks
import Tensors
import TestSupport
import Testing

@Suite("Checkpoints of other code are networks (Fixtures/make_network_cases.py)")
struct CheckpointTests {
  /// How far a network's output is from that of its own code.
  private func distance(_ name: String, _ path: String) throws -> Float {
    let test = try UNetCase(folder: Fixtures.path("networks/\(name)"))
    return try UNetCase.distance(test.output(of: ModelDirectory(path).unet().network), to: test.expected)
  }

  @Test("Outputs are those of the code that the checkpoint is of", arguments: ForeignNetwork.names)
  func outputs(name: String) throws {
    let network = try ForeignNetwork(name)
    #expect(try distance(name, network.path) < 1e-5)
    #expect(try ModelDirectory(network.path).unet().warnings == [])
  }

  @Test(
    "Outputs of the directory that is written are the same, and its configuration is", arguments: ForeignNetwork.names)
  func written(name: String) throws {
    let network = try ForeignNetwork(name), folder = try TemporaryFolder()
    let checkpoint = try Checkpoint(network.path)
    try ModelWriter().write(checkpoint.configuration, parameters: checkpoint.parameters(), to: folder.path("model"))
    #expect(try ModelDirectory(folder.path("model")).configuration() == checkpoint.configuration)
    #expect(try distance(name, folder.path("model")) == distance(name, network.path))
    #expect(!checkpoint.configuration.isKnownToDiffusers)
  }

  @Test(
    "Settings that are not those of the training make another network",
    arguments: [
      ("guided", #"{"num_heads": 1}"#), ("guided", #"{"num_head_channels": 16, "use_new_attention_order": true}"#),
      ("improved", #"{"num_heads": 2, "use_new_attention_order": true}"#),
      ("improved", #"{"num_heads": 2, "diffusion_steps": 4000, "rescale_timesteps": true}"#),
    ])
  func otherSettings(name: String, settings: String) throws {
    let network = try ForeignNetwork(name, hasSettings: false)
    try OutputFile.write(settings.utf8, to: network.settings)
    #expect(try distance(name, network.path) > 1e-3)
  }

  @Test("Schedulers are those of the trainings")
  func schedulers() throws {
    let networks = try ForeignNetwork.names.map { try ForeignNetwork($0) }
    let schedulers = try networks.map { try Checkpoint($0.path).scheduler.values }
    let (guided, improved, song) = (schedulers[0], schedulers[1], schedulers[2])
    #expect(
      improved["num_train_timesteps"] == .number(4000) && improved["beta_schedule"] == .string("squaredcos_cap_v2"))
    #expect(improved["variance_type"] == .string("fixed_large"))
    #expect(guided["variance_type"] == .string("learned_range") && guided["beta_end"] == .number(0.02))
    #expect(song["beta_start"] == .number(0.0001) && song["beta_end"] == .number(0.02))
  }

  @Test("The last step's weights are taken where they are asked for, and averages that do not fit are refused")
  func averages() throws {
    let network = try ForeignNetwork("score-sde")
    var options = CheckpointOptions()
    options.weights = .raw
    let raw = try Checkpoint(network.path, options), average = try Checkpoint(network.path)
    #expect(raw.weights == .raw && average.weights == .average)
    func values(_ checkpoint: Checkpoint) throws -> [Float] {
      try checkpoint.tensors.floats(#require(checkpoint.tensors.entries["mid_block.attentions.0.to_q.weight"]))
    }
    #expect(try values(raw).allSatisfy { $0 == 0.5 })
    #expect(try !values(average).contains(0.5))
    for name in ["few", "turned"] {
      let error = #expect(throws: FileError.self) {
        try ModelDirectory(Fixtures.path("checkpoints/misfit-\(name).pth"))
      }
      #expect(error?.fault.hasPrefix("ema.shadow_params ") == true)
    }
  }

  @Test("What is taken for true is said, and what cannot be known is asked for")
  func unknowns() throws {
    let network = try ForeignNetwork("score-sde", hasSettings: false), song = try Checkpoint(network.path)
    #expect(song.assumptions.contains("images of 32x32, with attention at 16x16"))
    #expect(song.configuration.sampleSize == .init(height: 32, width: 32))
    let guided = try ForeignNetwork("guided", hasSettings: false)
    let error = #expect(throws: FileError.self) { try Checkpoint(guided.path) }
    #expect(error?.fault.contains("how many attention heads it has, in which order, nor its noise schedule") == true)
    for (settings, fault) in [
      (#"{"num_head": 4}"#, "num_head: is no setting of guided-diffusion"), ("[]", "is no JSON object of settings"),
      (#"{"noise_schedule": "sigmoid"}"#, "noise_schedule: 'sigmoid' is not supported; legal are linear and cosine"),
      (#"{"num_heads": 5}"#, "its 32 channels are no multiple of 5 attention heads"),
    ] {
      try OutputFile.write(settings.utf8, to: guided.settings)
      let error = #expect(throws: FileError.self) { try Checkpoint(guided.path) }
      #expect(error?.fault.contains(fault) == true, "\(String(describing: error))")
    }
  }

  @Test("A network of another family says what it is")
  func others() throws {
    for (name, fault) in [
      ("persistent4.pkl", "holds Network as an object, as EDM does"),
      ("score-sde.pth", "is one of NCSN++, which is not read yet"),
      ("archive.pt", "has the weights of no network that is read: its tensors are 0.bias, 0.weight"),
      ("hostile/system.pkl", "calls os.system"), ("hostile/archive-value.pt", "calls os.system"),
    ] {
      let error = #expect(throws: FileError.self) { try ModelDirectory(Fixtures.path("checkpoints/\(name)")) }
      #expect(error?.fault.contains(fault) == true, "\(name): \(String(describing: error))")
    }
  }

  @Test("A tensor too many, too few or misshapen is named as the file names it")
  func tensors() throws {
    let network = try ForeignNetwork("guided"), whole = try openTensors(network.path)
    typealias Tensors = [RenamedTensors.Tensor]
    func fault(_ change: (inout Tensors) -> Void) throws -> String {
      var tensors: Tensors = whole.entries.map { ($0.key, $0.value, $0.key) }
      change(&tensors)
      let error = try #require(throws: FileError.self) {
        let checkpoint = try Checkpoint(RenamedTensors(whole, tensors))
        _ = try ModelWriter().write(
          checkpoint.configuration, parameters: checkpoint.parameters(), to: TemporaryFolder().path("model"))
      }
      return error.description
    }
    #expect(try fault { $0.removeAll { $0.name == "out.0.bias" } }.hasSuffix("tensor 'out.0.bias' is missing"))
    let extra = try fault { $0.append(("encoder.bias", $0[0].entry, "encoder.bias")) }
    #expect(extra.hasSuffix("tensor 'encoder.bias' has no place in it"))
    let bent = try fault { tensors in
      let place = tensors.firstIndex { $0.name == "out.2.bias" } ?? 0
      tensors[place].entry = tensors[place].entry.view([3, 2], walking: [(3, 2), (2, 1)])
    }
    #expect(bent.hasSuffix("tensor 'out.2.bias' has shape [3, 2]; the configuration demands [6]"))
  }
}
