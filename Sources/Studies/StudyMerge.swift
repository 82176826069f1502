import Files
import Foundation

/// Joins the cells of a study that was cut into parts, each of which ran in a folder of its own.
///
/// Cells are files of their own, so that a folder with those of all parts is the folder of the whole study: the study's own command finds
/// them finished there, runs what is missing, and writes its tables. See ``CellStore``.
public enum StudyMerge {
  /// Whether a path is the folder of a study.
  public static func isStudy(_ path: String) -> Bool {
    FileManager.default.fileExists(atPath: document(of: path))
  }

  /// Copies the finished cells of some folders into one.
  ///
  /// - Parameters:
  ///   - parts: The folders, in any order.
  ///   - folder: The folder that takes them, made if it is not there; cells that it has stay.
  /// - Returns: How many finished cells it has then.
  /// - Throws: ``StudyError/otherStudy(folder:fact:asked:recorded:)`` for a part of another study than the first one's, or `FileError`.
  public static func merge(_ parts: [String], into folder: String) throws -> Int {
    guard let first = parts.first else { throw StudyError.missing("no parts are named") }
    let identity = try StudyIdentity(contentsOf: document(of: first))
    for part in parts { try identity.check(JSONValue(contentsOf: document(of: part)), in: part) }
    let store = try CellStore(folder, identity), manager = FileManager.default
    let target = (store.folder as NSString).appendingPathComponent("cells")
    for part in parts {
      let cells = (part as NSString).appendingPathComponent("cells")
      let names = try Self.names(in: cells)
      // The document of a cell, without which it is not finished, comes after the files beside it.
      for name in names.filter({ !$0.hasSuffix(".json") }) + names.filter({ $0.hasSuffix(".json") }) {
        let copy = (target as NSString).appendingPathComponent(name)
        guard !manager.fileExists(atPath: copy) else { continue }
        let file = try MappedFile((cells as NSString).appendingPathComponent(name))
        defer { withExtendedLifetime(file) {} }
        try OutputFile.write(file.bytes, to: copy)
      }
    }
    return try names(in: target).count { $0.hasSuffix(".json") }
  }

  private static func document(of folder: String) -> String {
    (folder as NSString).appendingPathComponent("study.json")
  }

  /// The files of cells; what a writer is still at is none.
  private static func names(in folder: String) throws(FileError) -> [String] {
    do {
      return try FileManager.default.contentsOfDirectory(atPath: folder)
        .filter { $0.hasSuffix(".json") || $0.hasSuffix(".npz") }.sorted()
    } catch {
      throw FileError(folder, "cannot be listed")
    }
  }
}
