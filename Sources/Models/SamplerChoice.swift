public import Diffusion
public import DiffusersFormat

/// Which sampler a run uses.
public enum SamplerChoice: Sendable, Hashable {
  /// The model's own scheduler, or DDPM's defaults if it has none.
  case model
  /// A sampler by its short name, with the schedule that the model was trained with.
  case named(SamplerName)
  /// Whatever a `scheduler_config.json` says.
  case configuration(SchedulerConfiguration)
}

/// The scheduler of a run, and what records call it.
public struct ChosenScheduler: Sendable {
  /// The sampler with its schedule and its grid.
  public let scheduler: Scheduler
  /// The class of the scheduler as diffusers calls it, or the sampler's name.
  public let name: String
  /// The steps of a run where none are asked for.
  public let steps: Int
  /// What the user should know, or nil.
  public let notice: String?

  /// Steps where neither the request nor the scheduler says.
  public static let customarySteps = 50

  /// A scheduler with its name.
  public init(_ scheduler: Scheduler, name: String, steps: Int? = nil, notice: String? = nil) {
    self.scheduler = scheduler
    self.name = name
    self.steps = steps ?? Self.customarySteps
    self.notice = notice
  }
}

extension SamplerChoice {
  /// The scheduler of a model that was trained with a scheduler of diffusers.
  ///
  /// - Parameters:
  ///   - configuration: What the model was trained with, or nil for DDPM's defaults.
  ///   - options: What diffusers takes as arguments of a call.
  ///   - clipSample: Whether estimates are clipped where the configuration says so.
  ///   - model: What messages call the model.
  /// - Throws: One line that names the key, its value and what is legal.
  func scheduler(
    for configuration: SchedulerConfiguration?, _ options: SchedulerOptions, clipSample: Bool, model: String
  ) throws -> ChosenScheduler {
    var notice: String?
    let asked: SchedulerConfiguration
    switch self {
    case .configuration(let own): asked = try configuration.map { try own.filled(from: $0) } ?? own
    case .named(let name): asked = try name.configuration(for: configuration ?? .ddpm)
    case .model:
      asked = configuration ?? .ddpm
      if configuration == nil { notice = "\(model): holds no scheduler; DDPM with its defaults is used" }
    }
    return ChosenScheduler(
      try Scheduler(clipSample ? asked : asked.unclipped, options: options),
      name: asked.sampler ?? asked.className ?? "DDPMScheduler",
      steps: try asked.customarySteps(), notice: notice)
  }
}

extension SamplerChoice: Codable {
  /// Reads the word `model`, a sampler's name, or a scheduler's configuration.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    guard let name = try? container.decode(String.self) else {
      self = .configuration(try container.decode(SchedulerConfiguration.self))
      return
    }
    if name == "model" {
      self = .model
    } else if let name = SamplerName(rawValue: name) {
      self = .named(name)
    } else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "'\(name)' is no sampler")
    }
  }

  /// Writes what ``init(from:)`` reads.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .model: try container.encode("model")
    case .named(let name): try container.encode(name.rawValue)
    case .configuration(let configuration): try container.encode(configuration)
    }
  }
}
