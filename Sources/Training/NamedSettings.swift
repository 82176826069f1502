public import Files

/// Settings of which some are named; what is not named is left to whoever they are applied to.
///
/// A run that goes on keeps the settings of its checkpoint, and must be able to tell a value that was asked for from a default.
public struct NamedSettings: Sendable, Hashable {
  /// The values; what is not named has its default.
  public private(set) var values = TrainingSettings()
  /// The names in files of what is named, each with the file that names it, or nil where that is the caller.
  public private(set) var sources: [String: String?] = [:]

  /// Nothing is named.
  public init() {}

  /// All settings are named.
  public init(_ settings: TrainingSettings) {
    values = settings
    for name in Self.names { sources.updateValue(nil, forKey: name) }
  }

  /// Reads settings from JSON, whose names are those that are named.
  ///
  /// - Throws: `FileError` naming a key that does not exist or a value that is not legal.
  public init(_ json: JSONValue, path: String) throws(FileError) {
    values = try TrainingSettings(json, path: path)
    for name in (json.object ?? [:]).keys { sources.updateValue(path, forKey: name) }
  }

  /// The names of all settings in files, sorted.
  public static var names: [String] { (TrainingSettings().json.object ?? [:]).keys.sorted() }

  /// The names of the settings that may change when a run goes on.
  public static let mayChange: Set<String> = ["steps", "learning_rate"]

  /// Names a setting; it goes before what a file says.
  ///
  /// - Parameters:
  ///   - name: The setting's name in files.
  ///   - setting: The setting.
  ///   - value: Its value.
  public mutating func set<Value>(
    _ name: String, _ setting: WritableKeyPath<TrainingSettings, Value>, to value: Value
  ) {
    precondition(Self.names.contains(name), "'\(name)' is no setting")
    values[keyPath: setting] = value
    sources.updateValue(nil, forKey: name)
  }

  /// The named ones, and those of others for the rest.
  ///
  /// - Throws: `TrainingError` if a number is not possible.
  public func applied(to others: TrainingSettings = .init()) throws -> TrainingSettings {
    if let fault = values.fault { throw TrainingError.setting(fault: fault) }
    let named = (values.json.object ?? [:]).filter { sources.keys.contains($0.key) }
    return try TrainingSettings(.object(named), over: others, path: "settings")
  }
}
