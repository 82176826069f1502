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
    // Of these only the consistency model is a network that diffusers has: narrow NCSN++ attends in other groups there.
    #expect(checkpoint.configuration.isKnownToDiffusers == (name == "consistency"))
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
    let schedulers = try Dictionary(
      uniqueKeysWithValues: zip(ForeignNetwork.names, networks.map { try Checkpoint($0.path).scheduler.values }))
    func values(_ name: String) throws -> [String: JSONValue] { try #require(schedulers[name]) }
    let (guided, improved, song) = try (values("guided"), values("improved"), values("score-sde"))
    #expect(
      improved["num_train_timesteps"] == .number(4000) && improved["beta_schedule"] == .string("squaredcos_cap_v2"))
    #expect(improved["variance_type"] == .string("fixed_large"))
    #expect(guided["variance_type"] == .string("learned_range") && guided["beta_end"] == .number(0.02))
    #expect(song["beta_start"] == .number(0.0001) && song["beta_end"] == .number(0.02))
    #expect(try values("ddpmpp")["_class_name"] == .string("DDPMScheduler"))
    for name in ["ncsnpp", "ncsnpp-residual"] {
      let exploding = try values(name)
      #expect(exploding["_class_name"] == .string("ScoreSdeVeScheduler") && exploding["snr"] == .number(0.16))
      #expect(exploding["sigma_max"] == .number(50) && exploding["num_train_timesteps"] == .number(10))
    }
    let model = try values("consistency")
    #expect(model["_class_name"] == .string("CMStochasticIterativeScheduler") && model["time_scale"] == nil)
    #expect(model["sigma_max"] == .number(80) && model["num_train_timesteps"] == .number(40))
  }

  @Test(
    "EDM's files say how their networks are conditioned, and between which noise levels",
    arguments: [
      ("edm-ncsnpp", "edm", 0.002, ["sigma_data": 0.5]),
      ("edm-ddpmpp", "vp", 0.002, ["beta_d": 19.9, "beta_min": 0.1, "epsilon_t": 1e-5, "M": 1000]),
      ("edm-skip", "ve", 0.02, ["sigma_data": 0.5]),
      ("edm-dhariwal", "iddpm", 0.006425412771, ["C_1": 0.001, "C_2": 0.008, "M": 1000]),
    ])
  func preconditioning(name: String, kind: String, smallest: Double, constants: [String: Double]) throws {
    let network = try ForeignNetwork(name), checkpoint = try Checkpoint(network.path)
    let scheduler = checkpoint.scheduler.values
    #expect(checkpoint.family == .edm && checkpoint.assumptions == [] && checkpoint.weights == nil)
    #expect(scheduler["_class_name"] == .string("EDMEulerScheduler") && scheduler["preconditioning"] == .string(kind))
    #expect(try abs(#require(scheduler["sigma_min"]?.double) - smallest) < 1e-6)
    #expect(scheduler["sigma_max"] == .number(80) && scheduler["rho"] == .number(7))
    #expect(scheduler["sampler"] == .string("heun") && scheduler["steps"] == .number(18))
    for (key, value) in constants { #expect(scheduler[key] == .number(value), "\(key)") }
    #expect(checkpoint.configuration.dropout == (name == "edm-ncsnpp" ? 0.05 : 0.1))
  }

  @Test(
    "What an EDM file says of its network is one line where it is not supported",
    arguments: [
      (
        "Precond", "{}",
        "holds an object Precond; EDM's networks, EDMPrecond, VPPrecond, VEPrecond, iDDPMPrecond, are read"
      ),
      ("EDMPrecond", "[]", "does not say what its EDMPrecond was made with, as EDM's files do"),
      ("EDMPrecond", "{}", "_init_kwargs.img_resolution: a number of pixels is needed"),
      (
        "EDMPrecond", #"{"img_resolution": 8, "model_type": "DiT"}"#,
        "_init_kwargs.model_type: 'DiT' is not supported; SongUNet and DhariwalUNet are"
      ),
      (
        "iDDPMPrecond", #"{"img_resolution": 8, "resample_filter": [1, 3, 3, 1]}"#,
        "_init_kwargs.resample_filter: [1, 3, 3, 1] is not supported; [1, 1] and, in SongUNet, [1, 3, 3, 1] are"
      ),
      ("VPPrecond", #"{"img_resolution": 8, "M": 0}"#, "_init_kwargs.M: 0 is no number from 2 to 10000"),
      (
        "VEPrecond", #"{"img_resolution": 8, "sigma_min": 90}"#,
        "_init_kwargs.sigma_min: 90.0 is no smallest noise below 80.0"
      ),
    ])
  func arguments(name: String, arguments: String, fault: String) throws {
    let json = try JSONValue(arguments, path: "arguments")
    let error = #expect(throws: FileError.self) {
      try EDMWrapper(className: name, arguments: json, path: "network.pkl")
    }
    #expect(error?.description == "network.pkl: \(fault)")
  }

  @Test("A consistency model and its teacher are told apart by the settings, as their tensors do not")
  func teachers() throws {
    let network = try ForeignNetwork("consistency", hasSettings: false)
    let unknown = #expect(throws: FileError.self) { try Checkpoint(network.path) }
    #expect(unknown?.fault.contains("nor whether it is a consistency model; no preset fits") == true)
    try OutputFile.write(#"{"num_head_channels": 16}"#.utf8, to: network.settings)
    let missing = #expect(throws: FileError.self) { try Checkpoint(network.path) }
    #expect(missing?.fault.contains("training_mode: is missing; legal are edm, ") == true)
    try OutputFile.write(#"{"num_head_channels": 16, "training_mode": "edm"}"#.utf8, to: network.settings)
    let teacher = try Checkpoint(network.path).scheduler.values
    #expect(teacher["_class_name"] == .string("EDMEulerScheduler") && teacher["time_scale"] == .number(250))
    #expect(teacher["preconditioning"] == .string("edm"))
    #expect(teacher["sampler"] == .string("heun") && teacher["steps"] == .number(40))
  }

  @Test("NCSN++ without settings is taken for what all published ones are, and other settings are refused or count")
  func exploding() throws {
    let network = try ForeignNetwork("ncsnpp", hasSettings: false), known = try Checkpoint(network.path)
    #expect(
      known.assumptions == [
        "sums divided by the root of two", "images resized by the filter 1, 3, 3, 1",
        "images of 32x32, with attention at 16x16", "a variance-exploding process", "images of 0...1",
        "a signal-to-noise ratio of 0.16 in the corrector",
      ])
    #expect(try distance("ncsnpp", network.path) < 1e-5)
    for settings in [#"{"skip_rescale": false}"#, #"{"fir": false}"#, #"{"centered": true}"#] {
      try OutputFile.write(settings.utf8, to: network.settings)
      #expect(try distance("ncsnpp", network.path) > 1e-3, "\(settings)")
    }
    for (settings, fault) in [
      (#"{"sde": "vpsde"}"#, "sde: 'vpsde' is not supported with Fourier embeddings of times; vesde is"),
      (#"{"scale_by_sigma": false}"#, "scale_by_sigma: false is not supported with Fourier embeddings of times"),
      (#"{"fir_kernel": [1, 2, 1]}"#, "fir_kernel: is not supported; [1, 3, 3, 1] is"),
    ] {
      try OutputFile.write(settings.utf8, to: network.settings)
      let error = #expect(throws: FileError.self) { try Checkpoint(network.path) }
      #expect(error?.fault == fault)
    }
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
      (
        "persistent4.pkl",
        "holds an object Network; EDM's networks, EDMPrecond, VPPrecond, VEPrecond, iDDPMPrecond, are read"
      ),
      ("score-sde.pth", "is no network of score_sde: it has 0 residual blocks and 0 changes of size"),
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
