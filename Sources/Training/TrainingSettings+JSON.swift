public import Files
import Foundation

extension TrainingSettings {
  /// Reads settings from JSON; what is not named has its default.
  ///
  /// - Throws: `FileError` naming a key that does not exist or a value that is not legal.
  public init(_ json: JSONValue, path: String) throws(FileError) {
    try self.init(json, over: Self(), path: path)
  }

  /// Reads settings from JSON; what is not named is that of other settings.
  init(_ json: JSONValue, over others: Self, path: String) throws(FileError) {
    let known = others.json.object ?? [:]
    guard var members = json.object else { throw FileError(path, "the settings of a training are an object") }
    for name in members.keys.sorted() {
      guard known[name] != nil else {
        throw FileError(
          path, "'\(name)' is no setting; there are \(known.keys.sorted().joined(separator: ", "))")
      }
      if let number = members[name]?.double, let fault = Self.fault(of: name, number) {
        throw FileError(path, fault)
      }
    }
    var seed = members.keys.contains("seed") ? nil : others.seed
    if let text = members["seed"]?.string, let number = UInt64(text) { seed = number }
    if seed != nil { members["seed"] = .number(0) }
    self = try Self.decoded(known.merging(members) { $1 }, path: path)
    if let seed { self.seed = seed }
    if let fault { throw FileError(path, fault) }
  }

  private static func decoded(_ members: [String: JSONValue], path: String) throws(FileError) -> Self {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    do {
      return try decoder.decode(Self.self, from: Data(JSONValue.object(members).text.utf8))
    } catch let error as DecodingError {
      throw FileError(path, error.oneLine)
    } catch {
      throw FileError(path, "\(error)")
    }
  }

  /// The settings as JSON, settings that are nil included; seeds from 2^53 on are text, since numbers are not exact there.
  public var json: JSONValue {
    let encoder = JSONEncoder()
    encoder.keyEncodingStrategy = .convertToSnakeCase
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "Infinity", negativeInfinity: "-Infinity", nan: "NaN")
    guard let data = try? encoder.encode(self),
      let json = try? JSONValue(String(decoding: data, as: UTF8.self), path: "settings"),
      var members = json.object
    else { preconditionFailure("settings are numbers and words") }
    for name in ["clip_norm", "snr_limit", "label", "dropout"] where members[name] == nil { members[name] = .null }
    if seed >= 1 << 53 { members["seed"] = .string("\(seed)") }
    return .object(members)
  }
}
