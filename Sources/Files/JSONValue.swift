/// A value of a JSON document, as configuration files have them.
///
/// The reader accepts what Python's `json` writes beyond the standard: the bare words `NaN`, `Infinity` and `-Infinity`.
public enum JSONValue: Sendable, Hashable, Codable {
  /// The word `null`.
  case null
  /// The words `true` and `false`.
  case boolean(Bool)
  /// A number; integers are exact up to 2^53.
  case number(Double)
  /// A text.
  case string(String)
  /// A list.
  case array([JSONValue])
  /// Names and values; the order of the document is not kept.
  case object([String: JSONValue])

  /// The member of an object, or nil if there is none, it is `null`, or this is no object.
  public subscript(name: String) -> JSONValue? {
    guard case .object(let members) = self, let value = members[name], value != .null else { return nil }
    return value
  }

  /// How deeply lists and objects are nested: 0 for a number or a word.
  public var depth: Int {
    switch self {
    case .array(let elements): 1 + (elements.map(\.depth).max() ?? 0)
    case .object(let members): 1 + (members.values.map(\.depth).max() ?? 0)
    default: 0
    }
  }

  /// The members of an object.
  public var object: [String: JSONValue]? {
    if case .object(let members) = self { members } else { nil }
  }

  /// The elements of a list.
  public var array: [JSONValue]? {
    if case .array(let elements) = self { elements } else { nil }
  }

  /// The text.
  public var string: String? {
    if case .string(let text) = self { text } else { nil }
  }

  /// The number.
  public var double: Double? {
    if case .number(let number) = self { number } else { nil }
  }

  /// The number if it is whole: both `1` and `1.0`.
  public var int: Int? {
    if case .number(let number) = self { Int(exactly: number) } else { nil }
  }

  /// The word `true` or `false`.
  public var bool: Bool? {
    if case .boolean(let value) = self { value } else { nil }
  }
}

extension JSONValue {
  /// A number, or `null` where there is none.
  public init(_ number: Double?) { self = number.map { .number($0) } ?? .null }

  /// A list of numbers.
  public init(_ numbers: [Double]) { self = .array(numbers.map { .number($0) }) }
}
