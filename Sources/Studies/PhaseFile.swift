package import Files
package import Tensors

/// What is known of a model's phase transition, found out once: `phase.json` of a model directory.
package struct PhaseFile: Sendable {
  /// SHA-256 of everything that determines the model's predictions, by file.
  var weights: [String: String]
  /// Where the symmetry breaks, or nil where it does at no step.
  package var critical: CriticalStep?
  package var line: ModelLine

  /// The word by which a file is known.
  private static let format = "diffuse-gpu phase"

  package var json: JSONValue {
    .object([
      "format": .string(Self.format), "weights": .object(weights.mapValues { .string($0) }),
      "critical": critical.map { .object($0.members) } ?? .null, "line": line.file,
    ])
  }

  package init(weights: [String: String], critical: CriticalStep?, line: ModelLine) {
    (self.weights, self.critical, self.line) = (weights, critical, line)
  }

  /// Reads a file.
  ///
  /// - Parameters:
  ///   - json: What ``json`` has written.
  ///   - path: What messages call the file.
  ///   - weights: Those of the model.
  ///   - shape: The extents of its samples.
  /// - Throws: `FileError` if it is none, or of another model.
  package init(_ json: JSONValue, path: String, weights: [String: String], _ shape: ImageShape) throws(FileError) {
    guard json["format"]?.string == Self.format else {
      throw FileError(path, "is no phase of a model; `diffuse-gpu serve --prepare` makes one")
    }
    guard json["weights"]?.object?.compactMapValues(\.string) == weights else {
      throw FileError(path, "is of other weights than the model's; make it again")
    }
    let critical = try json["critical"].map { critical throws(FileError) in
      let members = try ["step", "lower", "upper"].map { name throws(FileError) in
        guard let step = critical[name]?.int, step >= 0 else { throw FileError(path, "\(name): is no step") }
        return (name, JSONValue.number(Double(step)))
      }
      return CriticalStep(members: Dictionary(uniqueKeysWithValues: members))
    }
    self.init(
      weights: weights, critical: critical, line: try ModelLine(json["line"] ?? .null, shape, path: path))
  }
}
