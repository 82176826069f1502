public import Files

/// What all cells of a study have in common: a folder holds the cells of one identity only.
public struct StudyIdentity: Sendable, Hashable {
  /// What is studied, such as `late-start scan`.
  public let kind: String
  /// Everything besides a cell's own settings that decides its result, by name: SHA-256 of the model's files and of the data, counts, the
  /// program's version.
  public let facts: [String: JSONValue]

  /// The identity of a study.
  public init(_ kind: String, _ facts: [String: JSONValue]) {
    self.kind = kind
    self.facts = facts
  }

  /// Reads the document in a study's folder.
  ///
  /// - Throws: `FileError` if it is none.
  init(contentsOf path: String) throws(FileError) {
    guard var facts = try JSONValue(contentsOf: path).object, let kind = facts.removeValue(forKey: "study")?.string
    else {
      throw FileError(path, "is not the document of a study")
    }
    self.init(kind, facts)
  }

  /// The document in the study's folder: the facts, and the kind under `study`.
  public var json: JSONValue { .object(facts.merging(["study": .string(kind)]) { $1 }) }

  /// Checks that a folder's document is that of this study.
  ///
  /// - Throws: ``StudyError/otherStudy(folder:fact:asked:recorded:)`` naming the first fact that differs; the kind comes first.
  func check(_ recorded: JSONValue, in folder: String) throws(StudyError) {
    let asked = json, names = Set(facts.keys).union(recorded.object.map { Array($0.keys) } ?? []).sorted()
    for name in ["study"] + names where asked[name] != recorded[name] {
      throw .otherStudy(
        folder: folder, fact: name.replacing("_", with: " "), asked: (asked[name] ?? .null).short,
        recorded: (recorded[name] ?? .null).short)
    }
  }
}
