/// A value of a scheduler's configuration, as JSON has them.
public indirect enum ConfigurationValue: Sendable, Hashable, CustomStringConvertible {
  /// `null`
  case null
  /// `true` or `false`
  case bool(Bool)
  /// A number; infinities are allowed.
  case number(Double)
  /// A string.
  case string(String)
  /// A list.
  case array([ConfigurationValue])
  /// An object.
  case object([String: ConfigurationValue])

  /// The value as a message shows it.
  public var description: String {
    switch self {
    case .null: "null"
    case .bool(let value): "\(value)"
    case .number(let value): value == value.rounded() && abs(value) < 1e15 ? "\(Int(value))" : "\(value)"
    case .string(let value): "\"\(value)\""
    case .array: "a list"
    case .object: "an object"
    }
  }
}
