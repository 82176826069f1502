/// The configuration of a scheduler as diffusers writes it to `scheduler_config.json`.
///
/// Keys that are missing or null take the defaults of the class named by `_class_name`; keys that the class does not know
/// are ignored, as diffusers does.
public struct SchedulerConfiguration: Sendable, Hashable {
  /// The keys and their values.
  public let values: [String: ConfigurationValue]
  /// Where they come from, for messages: a file's name.
  public let source: String

  /// A configuration.
  public init(_ values: [String: ConfigurationValue], source: String = "scheduler_config.json") {
    self.values = values
    self.source = source
  }

  /// The configuration of a sampler that leaves estimates of clean data as they are, out of the data's range or not.
  ///
  /// Early estimates are the noise's errors amplified by `sigma / alpha`; clipping them moves their mean towards the middle
  /// of the range, which changes what is drawn where classes are decided early.
  public var unclipped: Self {
    .init(values.merging(["clip_sample": .bool(false), "thresholding": .bool(false)]) { $1 }, source: source)
  }

  /// The scheduler's class.
  func schedulerClass() throws(SamplerError) -> SchedulerClass {
    let legal = SchedulerClass.allCases.map(\.rawValue)
    guard case .string(let name)? = values["_class_name"] else {
      throw SamplerError("\(source): _class_name is missing; legal are \(legal.joined(separator: ", "))")
    }
    // diffusers keeps a JAX copy of some schedulers under another name.
    let plain = name.hasPrefix("Flax") ? String(name.dropFirst(4)) : name
    guard let result = SchedulerClass(rawValue: plain) else {
      throw .illegal(name, for: "_class_name", in: source, legal: legal)
    }
    return result
  }

  /// A flag.
  func flag(_ key: String, _ fallback: Bool) throws(SamplerError) -> Bool {
    switch values[key] ?? .null {
    case .null: return fallback
    case .bool(let value): return value
    case let value: throw SamplerError("\(source): \(key) is \(value), which is neither true nor false")
    }
  }

  /// A number.
  func number(_ key: String, _ fallback: Double) throws(SamplerError) -> Double {
    try optionalNumber(key) ?? fallback
  }

  /// A number, or nil for null.
  func optionalNumber(_ key: String) throws(SamplerError) -> Double? {
    switch values[key] ?? .null {
    case .null: return nil
    case .number(let value): return value
    case let value: throw SamplerError("\(source): \(key) is \(value), which is not a number")
    }
  }

  /// A whole number within a range.
  func integer(_ key: String, _ fallback: Int, in range: ClosedRange<Int>) throws(SamplerError) -> Int {
    let value = try number(key, Double(fallback))
    guard value == value.rounded(), range.contains(Int(exactly: value) ?? range.lowerBound - 1) else {
      let upper = range.upperBound == .max ? "up" : "\(range.upperBound)"
      let legal = "\(range.lowerBound)" + (upper == "up" ? " or more" : " to \(upper)")
      throw SamplerError("\(source): \(key) is \(ConfigurationValue.number(value)); legal is \(legal)")
    }
    return Int(value)
  }

  /// One of several strings, or nil for null.
  func optionalChoice(_ key: String, of legal: [String]) throws(SamplerError) -> String? {
    switch values[key] ?? .null {
    case .null: return nil
    case .string(let value) where legal.contains(value): return value
    case let value: throw .illegal("\(value)", for: key, in: source, legal: legal)
    }
  }

  /// One of several strings.
  func choice(_ key: String, _ fallback: String, of legal: [String]) throws(SamplerError) -> String {
    try optionalChoice(key, of: legal) ?? fallback
  }

  /// One case of an enumeration.
  func choice<Choice: RawRepresentable & CaseIterable>(
    _ key: String, _ fallback: Choice
  ) throws(SamplerError) -> Choice where Choice.RawValue == String {
    let name = try choice(key, fallback.rawValue, of: Choice.allCases.map(\.rawValue))
    return Choice(rawValue: name) ?? fallback
  }

  /// A list of numbers, or nil for null.
  func numbers(_ key: String) throws(SamplerError) -> [Double]? {
    switch values[key] ?? .null {
    case .null: return nil
    case .array(let elements):
      let numbers = elements.compactMap { element -> Double? in
        if case .number(let value) = element { value } else { nil }
      }
      guard numbers.count == elements.count else {
        throw SamplerError("\(source): \(key) holds something that is not a number")
      }
      return numbers
    case let value: throw SamplerError("\(source): \(key) is \(value), which is not a list of numbers")
    }
  }

  /// Throws where a flag asks for what is not built.
  func refuse(_ keys: String...) throws(SamplerError) {
    for key in keys where try flag(key, false) {
      throw SamplerError("\(source): \(key) is true, which is not supported; false is")
    }
  }
}

/// The schedulers of diffusers that are built.
enum SchedulerClass: String, CaseIterable, Sendable {
  case ddpm = "DDPMScheduler"
  case ddim = "DDIMScheduler"
  case pndm = "PNDMScheduler"
  case dpmSolverMultistep = "DPMSolverMultistepScheduler"
  case dpmSolverSinglestep = "DPMSolverSinglestepScheduler"
  case uniPC = "UniPCMultistepScheduler"
  case deis = "DEISMultistepScheduler"
  case heun = "HeunDiscreteScheduler"
  case euler = "EulerDiscreteScheduler"
  case eulerAncestral = "EulerAncestralDiscreteScheduler"
  case lms = "LMSDiscreteScheduler"

  /// The betas at both ends where a configuration does not say.
  var defaultBetas: (start: Double, end: Double) { self == .heun ? (0.00085, 0.012) : (0.0001, 0.02) }

  /// Whether the class knows `rescale_betas_zero_snr`, and what it then puts at the last step.
  var terminalAlphaBar: Float?? {
    switch self {
    case .ddpm, .ddim: .some(nil)
    case .dpmSolverMultistep, .uniPC, .euler, .eulerAncestral: .some(.some(0x1p-24))
    default: nil
    }
  }

  /// The spacing where a configuration does not say.
  var defaultSpacing: TimestepSpacing {
    switch self {
    case .ddpm, .ddim, .pndm: .leading
    default: .linspace
    }
  }

  /// The spacings that a configuration may name; quadratic ones are no part of diffusers.
  var spacings: [TimestepSpacing] {
    switch self {
    case .ddpm, .ddim: TimestepSpacing.allCases
    default: [.linspace, .leading, .trailing]
    }
  }
}
