import Diffusion
import Files

extension SchedulerConfiguration {
  /// What is wrong with a key's value.
  func fault(_ key: String, _ fault: String) -> SchedulerConfigurationError {
    self.fault(key, what: "\(key) \(fault)")
  }

  /// What is wrong with a key's value, in a line of its own.
  func fault(_ key: String, what fault: String) -> SchedulerConfigurationError {
    .init(source: source, key: key, fault: fault)
  }

  /// A value that is not among the legal ones.
  func illegal(_ value: String, for key: String, legal: [String]) -> SchedulerConfigurationError {
    fault(key, "is \(value), which is not one of \(legal.joined(separator: ", "))")
  }

  /// The scheduler's class.
  func schedulerClass() throws(SchedulerConfigurationError) -> SchedulerClass {
    let legal = SchedulerClass.allCases.map(\.rawValue)
    guard case .string(let name)? = values["_class_name"] else {
      throw fault("_class_name", "is missing; legal are \(legal.joined(separator: ", "))")
    }
    // diffusers keeps a JAX copy of some schedulers under another name.
    let plain = name.hasPrefix("Flax") ? String(name.dropFirst(4)) : name
    guard let result = SchedulerClass(rawValue: plain) else {
      throw illegal(name, for: "_class_name", legal: legal)
    }
    return result
  }

  /// A flag.
  func flag(_ key: String, _ fallback: Bool) throws(SchedulerConfigurationError) -> Bool {
    switch values[key] ?? .null {
    case .null: return fallback
    case .boolean(let value): return value
    case let value: throw fault(key, "is \(value.quoted), which is neither true nor false")
    }
  }

  /// A number.
  func number(_ key: String, _ fallback: Double) throws(SchedulerConfigurationError) -> Double {
    try optionalNumber(key) ?? fallback
  }

  /// A number, or nil for null.
  func optionalNumber(_ key: String) throws(SchedulerConfigurationError) -> Double? {
    switch values[key] ?? .null {
    case .null: return nil
    case .number(let value): return value
    case let value: throw fault(key, "is \(value.quoted), which is not a number")
    }
  }

  /// A whole number within a range.
  func integer(_ key: String, _ fallback: Int, in range: ClosedRange<Int>) throws(SchedulerConfigurationError) -> Int {
    let value = try number(key, Double(fallback))
    guard value == value.rounded(), range.contains(Int(exactly: value) ?? range.lowerBound - 1) else {
      let upper = range.upperBound == .max ? "up" : "\(range.upperBound)"
      let legal = "\(range.lowerBound)" + (upper == "up" ? " or more" : " to \(upper)")
      throw fault(key, "is \(JSONValue.number(value).quoted); legal is \(legal)")
    }
    return Int(value)
  }

  /// One of several strings, or nil for null.
  func optionalChoice(_ key: String, of legal: [String]) throws(SchedulerConfigurationError) -> String? {
    switch values[key] ?? .null {
    case .null: return nil
    case .string(let value) where legal.contains(value): return value
    case let value: throw illegal(value.quoted, for: key, legal: legal)
    }
  }

  /// One of several strings.
  func choice(_ key: String, _ fallback: String, of legal: [String]) throws(SchedulerConfigurationError) -> String {
    try optionalChoice(key, of: legal) ?? fallback
  }

  /// One case of an enumeration.
  func choice<Choice: RawRepresentable & CaseIterable>(
    _ key: String, _ fallback: Choice
  ) throws(SchedulerConfigurationError) -> Choice where Choice.RawValue == String {
    let name = try choice(key, fallback.rawValue, of: Choice.allCases.map(\.rawValue))
    return Choice(rawValue: name) ?? fallback
  }

  /// A list of numbers, or nil for null.
  func numbers(_ key: String) throws(SchedulerConfigurationError) -> [Double]? {
    switch values[key] ?? .null {
    case .null: return nil
    case .array(let elements):
      let numbers = elements.compactMap { element -> Double? in
        if case .number(let value) = element { value } else { nil }
      }
      guard numbers.count == elements.count else {
        throw fault(key, "holds something that is not a number")
      }
      return numbers
    case let value: throw fault(key, "is \(value.quoted), which is not a list of numbers")
    }
  }

  /// Throws if a flag needs what is not implemented.
  func refuse(_ keys: String...) throws(SchedulerConfigurationError) {
    for key in keys where try flag(key, false) {
      throw fault(key, "is true, which is not supported; false is")
    }
  }
}

extension JSONValue {
  /// The value as messages about a scheduler quote it.
  var quoted: String {
    switch self {
    case .null: "null"
    case .boolean(let value): "\(value)"
    case .number(let value): value == value.rounded() && abs(value) < 1e15 ? "\(Int(value))" : "\(value)"
    case .string(let value): "\"\(value)\""
    case .array: "a list"
    case .object: "an object"
    }
  }
}
