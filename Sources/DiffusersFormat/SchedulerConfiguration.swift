public import Diffusion
public import Files

/// The configuration of a scheduler as diffusers writes it to `scheduler_config.json`.
///
/// Keys that are missing or null take the defaults of the class named by `_class_name`; keys that the class does not know
/// are ignored, as diffusers does.
public struct SchedulerConfiguration: Sendable, Hashable, Codable {
  /// The keys and their values.
  public let values: [String: JSONValue]
  /// Where they come from, for messages: a file's name.
  public let source: String

  /// A configuration.
  public init(_ values: [String: JSONValue], source: String = "scheduler_config.json") {
    self.values = values
    self.source = source
  }

  /// The configuration of a sampler that leaves estimates of clean data as they are, out of the data's range or not.
  ///
  /// Early estimates are the noise's errors amplified by `sigma / alpha`; clipping them moves their mean towards the middle
  /// of the range, which changes the class proportions where classes are decided early.
  public var unclipped: Self {
    let unlimited = ["clip_sample", "thresholding", "clip_denoised"].map { ($0, JSONValue.boolean(false)) }
    return .init(values.merging(unlimited) { $1 }, source: source)
  }

  /// DDPM with diffusers' defaults, for models that hold no scheduler.
  public static let ddpm = SchedulerConfiguration(
    ["_class_name": .string("DDPMScheduler")], source: "the defaults of DDPMScheduler")

  /// The configuration that training writes with a new model: DDPM's, with every key.
  public static let training = SchedulerConfiguration([
    "_class_name": .string("DDPMScheduler"), "num_train_timesteps": .number(1000), "beta_start": .number(0.0001),
    "beta_end": .number(0.02), "beta_schedule": .string("linear"), "clip_sample": .boolean(true),
    "clip_sample_range": .number(1), "variance_type": .string("fixed_large"), "timestep_spacing": .string("leading"),
    "steps_offset": .number(0), "thresholding": .boolean(false), "dynamic_thresholding_ratio": .number(0.995),
    "sample_max_value": .number(1), "rescale_betas_zero_snr": .boolean(false), "trained_betas": .null,
  ])

  /// The configuration of a network that predicts something else.
  public func predicting(_ type: PredictionType) -> Self {
    .init(values.merging(["prediction_type": .string(type.rawValue)]) { $1 }, source: source)
  }

  /// The configuration that a JSON document holds.
  public init(_ json: JSONValue, path: String) throws(SchedulerConfigurationError) {
    guard let members = json.object else {
      throw .init(source: path, key: nil, fault: "a scheduler's configuration is an object")
    }
    // Records hold the configuration some levels down.
    guard json.depth <= 16 else {
      throw .init(
        source: path, key: nil, fault: "is nested too deeply; the values of a scheduler are numbers, words and lists")
    }
    self.init(members, source: path)
  }

  /// Reads a `scheduler_config.json`.
  ///
  /// - Throws: `FileError` or ``SchedulerConfigurationError``.
  public init(contentsOf path: String) throws {
    try self.init(JSONValue(contentsOf: path), path: path)
  }

  /// The document, as `scheduler_config.json` holds it.
  public var json: JSONValue { .object(values) }

  /// The name of the scheduler's class, as diffusers calls it, if there is one.
  public var className: String? { values["_class_name"]?.string }
}
