import Files
import Foundation

/// The settings of a training, as a JSON file beside its checkpoint has them.
struct CheckpointSettings {
  /// The file, or nil if there is none.
  let path: String?
  private let json: JSONValue

  /// Reads a file of settings, or the one that lies beside a checkpoint: of its name, with the ending `.json`.
  init(beside checkpoint: String, _ named: String?) throws(FileError) {
    let own = (checkpoint as NSString).deletingPathExtension + ".json"
    path = named ?? (FileManager.default.fileExists(atPath: own) ? own : nil)
    guard let path else {
      json = .object([:])
      return
    }
    json = try JSONValue(contentsOf: path)
    guard json.object != nil else { throw FileError(path, "is no JSON object of settings") }
  }

  /// The settings' names.
  var names: [String] { (json.object ?? [:]).keys.sorted() }

  /// A setting at the top or in one of score_sde's groups.
  subscript(_ name: String) -> JSONValue? {
    if let value = json[name] { return value }
    for group in ["data", "model", "training", "sampling"] {
      if let value = json[group]?[name] { return value }
    }
    return nil
  }

  func count(_ name: String, in range: ClosedRange<Int>) throws(FileError) -> Int? {
    guard let value = self[name] else { return nil }
    return try checked(name) { () throws(NumberFault) in try value.wholeNumber(in: range) }
  }

  func number(_ name: String, in range: ClosedRange<Double>) throws(FileError) -> Double? {
    guard let value = self[name] else { return nil }
    return try checked(name) { () throws(NumberFault) in try value.number(in: range) }
  }

  func flag(_ name: String) throws(FileError) -> Bool? {
    guard let value = self[name] else { return nil }
    guard let flag = value.bool else { throw fault(name, "\(value.short) is neither true nor false") }
    return flag
  }

  func fault(_ name: String, _ text: String) -> FileError { FileError(path ?? "settings", "\(name): \(text)") }

  private func checked<Number>(
    _ name: String, _ body: () throws(NumberFault) -> Number
  ) throws(FileError) -> Number {
    try FileError.ofNumber(body) { fault(name, $0) }
  }
}
