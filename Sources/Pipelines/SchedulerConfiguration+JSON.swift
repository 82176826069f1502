public import Diffusion
public import Files

extension SchedulerConfiguration {
  /// The configuration that a JSON document holds.
  public init(_ json: JSONValue, path: String) throws(PipelineError) {
    guard let members = json.object else { throw PipelineError("\(path): a scheduler's configuration is an object") }
    self.init(members.mapValues(ConfigurationValue.init), source: path)
  }

  /// Reads a `scheduler_config.json`, or the directory that holds one.
  public init(contentsOf path: String) throws {
    try self.init(JSONValue(contentsOf: path), path: path)
  }
}

extension ConfigurationValue {
  fileprivate init(_ json: JSONValue) {
    self =
      switch json {
      case .null: .null
      case .boolean(let value): .bool(value)
      case .number(let value): .number(value)
      case .string(let value): .string(value)
      case .array(let values): .array(values.map(ConfigurationValue.init))
      case .object(let members): .object(members.mapValues(ConfigurationValue.init))
      }
  }
}
