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

  /// A number within a range.
  func number(
    _ key: String, _ fallback: Double, in range: ClosedRange<Double>
  ) throws(SchedulerConfigurationError) -> Double {
    try optionalNumber(key, in: range) ?? fallback
  }

  /// A number within a range, or nil for null.
  func optionalNumber(
    _ key: String, in range: ClosedRange<Double>
  ) throws(SchedulerConfigurationError) -> Double? {
    guard let value = values[key], value != .null else { return nil }
    return try checked(key) { () throws(NumberFault) in try value.number(in: range) }
  }

  /// A whole number within a range.
  func integer(_ key: String, _ fallback: Int, in range: ClosedRange<Int>) throws(SchedulerConfigurationError) -> Int {
    guard let value = values[key], value != .null else { return fallback }
    return try checked(key) { () throws(NumberFault) in try value.wholeNumber(in: range) }
  }

  /// What a body reads, or a fault of the key.
  private func checked<Number>(
    _ key: String, _ body: () throws(NumberFault) -> Number
  ) throws(SchedulerConfigurationError) -> Number {
    do throws(NumberFault) {
      return try body()
    } catch {
      throw fault(key, what: "\(key): \(error)")
    }
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

  /// A list of numbers within a range, or nil for null.
  func numbers(_ key: String, in range: ClosedRange<Double>) throws(SchedulerConfigurationError) -> [Double]? {
    try list(key) { value throws(NumberFault) in try value.number(in: range) }
  }

  /// A list of whole numbers within a range, or nil for null.
  func integers(_ key: String, in range: ClosedRange<Int>) throws(SchedulerConfigurationError) -> [Int]? {
    try list(key) { value throws(NumberFault) in try value.wholeNumber(in: range) }
  }

  private func list<Number>(
    _ key: String, _ read: (JSONValue) throws(NumberFault) -> Number
  ) throws(SchedulerConfigurationError) -> [Number]? {
    guard let value = values[key], value != .null else { return nil }
    guard let elements = value.array else { throw fault(key, "is \(value.quoted), which is not a list of numbers") }
    var numbers: [Number] = []
    for element in elements {
      numbers.append(try checked(key) { () throws(NumberFault) in try read(element) })
    }
    return numbers
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
    case .number: line
    case .string(let value): "\"\(value)\""
    case .array: "a list"
    case .object: "an object"
    }
  }
}
