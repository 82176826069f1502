import Diffusion
import Files
import Foundation
import Networks

/// What a checkpoint of guided-diffusion does not say of itself.
struct ADMSettings: Sendable, Hashable, CustomStringConvertible {
  /// How many attention heads there are.
  enum Heads: Sendable, Hashable, CustomStringConvertible {
    /// As many at every width.
    case count(Int)
    /// Of so many channels each.
    case width(Int)

    /// Channels of a head of a layer, or nil if they do not divide it.
    func width(of channels: Int) -> Int? {
      switch self {
      case .count(let count): channels % count == 0 ? channels / count : nil
      case .width(let width): channels % width == 0 ? width : nil
      }
    }

    var description: String {
      switch self {
      case .count(let count): "\(count) attention head\(count == 1 ? "" : "s")"
      case .width(let width): "attention heads of \(width) channels"
      }
    }
  }

  var heads = Heads.count(4)
  /// Whether all queries come before all keys, and those before all values; otherwise the three of each head follow each other.
  var groupsParts = false
  /// How the network was trained.
  enum Training: String, Sendable, Hashable {
    /// To predict noise, of a schedule of betas.
    case diffusion
    /// To predict clean images by Karras and others (2022): a teacher of consistency models.
    case edm
    /// To be consistent along trajectories.
    case consistency
  }

  var training = Training.diffusion
  var hasCosineSchedule = false
  var steps = 1000
  /// Whether the network sees times of 0 to 1000 however many steps there are.
  var rescalesTimes = false
  var predictsSample = false
  var imageSize: Int?
  var dropout = 0.0

  var description: String {
    guard training == .diffusion else {
      return "\(heads), \(training == .edm ? "a teacher of consistency models" : "a consistency model")"
    }
    return
      "\(heads), \(groupsParts ? "the parts of which follow each other" : "one after the other"), \(steps) steps of a "
      + "\(hasCosineSchedule ? "cosine" : "linear") schedule\(rescalesTimes ? " with times scaled to 1000" : "")"
  }

  /// The scheduler of the training.
  func scheduler(learnsVariance: Bool) -> SchedulerConfiguration {
    if training != .diffusion { return noiseScheduler }
    let scale = 1000 / Double(steps)
    return SchedulerConfiguration(
      SchedulerConfiguration.training.values.merging([
        "num_train_timesteps": .number(Double(steps)), "beta_start": .number(scale * 0.0001),
        "beta_end": .number(scale * 0.02),
        "beta_schedule": .string(hasCosineSchedule ? "squaredcos_cap_v2" : "linear"),
        "variance_type": .string(learnsVariance ? "learned_range" : "fixed_large"),
        "timestep_spacing": .string("linspace"), "prediction_type": .string(predictsSample ? "sample" : "epsilon"),
      ]) { $1 })
  }

  /// The scheduler of consistency models, one step by default, and of their teachers, Heun's method in 40.
  ///
  /// Networks are given 250 times the logarithm of the noise.
  private var noiseScheduler: SchedulerConfiguration {
    let noise: [String: JSONValue] = [
      "sigma_min": .number(0.002), "sigma_max": .number(80), "sigma_data": .number(0.5), "rho": .number(7),
    ]
    let own: [String: JSONValue] =
      training == .edm
      ? [
        "_class_name": .string("EDMEulerScheduler"), "num_train_timesteps": .number(1000),
        "prediction_type": .string("epsilon"), "preconditioning": .string("edm"), "time_scale": .number(250),
        "sampler": .string(SamplerName.heun.rawValue), "steps": .number(40),
      ]
      : [
        "_class_name": .string("CMStochasticIterativeScheduler"), "num_train_timesteps": .number(40),
        "s_noise": .number(1), "clip_denoised": .boolean(true),
      ]
    return SchedulerConfiguration(noise.merging(own) { $1 })
  }

  /// The settings of a network, and where they come from if that is a preset.
  ///
  /// - Throws: `FileError` that lists the fitting presets where there is none, or more than one that differ.
  static func of(
    _ structure: ADMNetwork.Structure, _ settings: CheckpointSettings, preset: String?, path: String
  ) throws(FileError) -> (ADMSettings, source: String?) {
    let fitting = ADMPreset.all.filter { $0.structure == structure }
    if let preset {
      guard let chosen = fitting.first(where: { $0.name == preset }) else {
        throw FileError(path, "is no network of preset '\(preset)'; \(Self.list(fitting))")
      }
      return (chosen.settings, "as in \(preset)")
    }
    // A released file that kept its name.
    let name = ((path as NSString).lastPathComponent as NSString).deletingPathExtension
    if settings.path == nil, let own = fitting.first(where: { $0.name == name }) {
      return (own.settings, "as in \(name)")
    }
    if settings.path != nil { return (try ADMSettings(settings, isConsistency: structure.isConsistency), nil) }
    guard let first = fitting.first, fitting.allSatisfy({ $0.settings == first.settings }) else {
      throw FileError(
        path,
        structure.isConsistency
          ? "does not say how wide its attention heads are, nor whether it is a consistency model; \(list(fitting))"
          : "does not say how many attention heads it has, in which order, nor its noise schedule; \(list(fitting))")
    }
    return (first.settings, "as in \(fitting.map(\.name).joined(separator: ", "))")
  }

  private static func list(_ presets: [ADMPreset]) -> String {
    let rest =
      "the settings of its training are needed: num_heads, noise_schedule and others in a JSON file of its name"
    return presets.isEmpty
      ? "no preset fits, so that \(rest)"
      : "the presets that fit are \(presets.map(\.name).joined(separator: ", ")); otherwise \(rest)"
  }

  /// What guided-diffusion's scripts take; those that the tensors tell are not looked at.
  private static let known: Set = [
    "image_size", "num_channels", "num_res_blocks", "num_heads", "num_heads_upsample", "num_head_channels",
    "attention_resolutions", "channel_mult", "dropout", "class_cond", "use_checkpoint", "use_scale_shift_norm",
    "resblock_updown", "use_fp16", "use_new_attention_order", "learn_sigma", "sigma_small", "diffusion_steps",
    "noise_schedule", "timestep_respacing", "use_kl", "predict_xstart", "rescale_timesteps", "rescale_learned_sigmas",
    "training_mode", "sigma_min", "sigma_max", "weight_schedule",
  ]

  init() {}

  /// How a network of consistency models was trained.
  private static func training(_ settings: CheckpointSettings) throws(FileError) -> Training {
    let mode = settings["training_mode"]?.string
    switch mode {
    case "edm": return .edm
    case "consistency_distillation", "consistency_training": return .consistency
    default:
      throw settings.fault(
        "training_mode",
        "\(mode.map { "'\($0)' is not supported" } ?? "is missing"); legal are edm, consistency_distillation and consistency_training"
      )
    }
  }

  /// Settings by the names and with the defaults of guided-diffusion's scripts.
  private init(_ settings: CheckpointSettings, isConsistency: Bool) throws(FileError) {
    if let name = settings.names.first(where: { !Self.known.contains($0) }) {
      throw settings.fault(name, "is no setting of guided-diffusion, such as num_heads or noise_schedule")
    }
    // -1 and an absent one are the same to these scripts.
    let width = settings["num_head_channels"]?.int == -1 ? nil : try settings.count("num_head_channels", in: 1...65_536)
    heads = if let width { .width(width) } else { .count(try settings.count("num_heads", in: 1...65_536) ?? 4) }
    groupsParts = isConsistency ? true : try settings.flag("use_new_attention_order") ?? false
    if isConsistency { training = try Self.training(settings) }
    let schedule = settings["noise_schedule"]?.string ?? "linear"
    guard ["linear", "cosine"].contains(schedule) else {
      throw settings.fault("noise_schedule", "'\(schedule)' is not supported; legal are linear and cosine")
    }
    hasCosineSchedule = schedule == "cosine"
    // Below it the largest beta of a linear schedule passes one.
    steps = try settings.count("diffusion_steps", in: 21...NoiseSchedule.largestCount) ?? 1000
    rescalesTimes = try settings.flag("rescale_timesteps") ?? false && steps != 1000
    predictsSample = try settings.flag("predict_xstart") ?? false
    imageSize = try settings.count("image_size", in: 1...ConfigurationFields.largestExtent)
    dropout = try settings.number("dropout", in: 0...1) ?? 0
  }
}
