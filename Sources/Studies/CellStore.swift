import Compute
public import Files
import Foundation

/// The cells of a study on disk, so that a study which was stopped or killed goes on where it was.
///
/// ```
/// FOLDER/study.json                    the identity of the study
/// FOLDER/cells/NAME.DIGEST.json        key, identity, settings, result and seconds of a cell
/// FOLDER/cells/NAME.DIGEST.npz         arrays beside it, if there are any
/// ```
///
/// The key of a cell is the SHA-256 of identity and settings, and `DIGEST` its first twelve digits, so that cells of other settings
/// lie side by side. A cell's document is written last and whole: what has one is finished. One process at a time has the folder.
public final class CellStore {
  /// The folder of the study.
  public let folder: String
  /// What all cells have in common.
  public let identity: StudyIdentity
  private let lock: FolderLock

  /// Opens the folder of a study, or makes it.
  ///
  /// - Throws: ``StudyError/otherStudy(folder:fact:asked:recorded:)`` if the folder holds another study, or `FileError` if it cannot be
  ///   written or another process works in it.
  public init(_ folder: String, _ identity: StudyIdentity) throws {
    self.folder = folder
    self.identity = identity
    try OutputFile.checkFolder(folder)
    let path = Self.join(folder, "study.json"), isThere = FileManager.default.fileExists(atPath: path)
    // A folder that is not taken stays as it is.
    if isThere { try identity.check(JSONValue(contentsOf: path), in: folder) }
    try OutputFile.prepareFolder(folder)
    lock = try FolderLock(folder)
    try OutputFile.prepareFolder(Self.join(folder, "cells"))
    if !isThere { try OutputFile.write((identity.json.text + "\n").utf8, to: path) }
  }

  /// One cell: its own settings under a name.
  public struct Cell: Sendable, Hashable {
    /// What people know it by, a plain name of a file such as `ddim-5-gaussian-500`.
    public let name: String
    /// SHA-256 of everything that the result depends on.
    public let key: String
    let settings: JSONValue

    /// The cell's file name, without its ending.
    var fileName: String { "\(name).\(key.prefix(12))" }
  }

  /// A cell of this study.
  ///
  /// - Parameters:
  ///   - name: A plain name of a file.
  ///   - settings: Everything that the result depends on and that the cells of the study do not share.
  public func cell(_ name: String, _ settings: some Encodable) throws -> Cell {
    precondition(name.isPlainFileName, "'\(name)' is no plain name of a file")
    let settings = try JSONValue(encoding: settings)
    let all = JSONValue.object(["identity": identity.json, "settings": settings])
    return Cell(name: name, key: sha256(of: Array(all.line.utf8)), settings: settings)
  }

  /// The path of a file beside a cell's document.
  ///
  /// - Parameters:
  ///   - cell: The cell.
  ///   - ending: The ending of its name, such as `npz`.
  public func path(of cell: Cell, _ ending: String) -> String {
    Self.join(folder, "cells/\(cell.fileName).\(ending)")
  }

  /// The result of a cell that is finished, or nil.
  ///
  /// - Parameters:
  ///   - cell: The cell.
  ///   - endings: Endings of the files beside it without which it does not count as finished.
  ///   - type: What the result is read as.
  /// - Throws: `FileError` if its document is damaged; what is removed is made again.
  public func result<Result: Decodable>(
    of cell: Cell, with endings: [String] = [], as type: Result.Type = Result.self
  ) throws(FileError) -> Result? {
    let path = path(of: cell, "json"), manager = FileManager.default
    guard ([path] + endings.map { self.path(of: cell, $0) }).allSatisfy({ manager.fileExists(atPath: $0) }) else {
      return nil
    }
    let document = try JSONValue(contentsOf: path)
    guard document["key"]?.string == cell.key, let result = document["result"],
      let value = try? result.decoded(as: type)
    else { throw FileError(path, "is no result of this study's cell; remove it, and it is made again") }
    return value
  }

  /// The result of a cell, made and kept unless it is finished.
  ///
  /// - Parameters:
  ///   - cell: The cell.
  ///   - endings: Endings of the files beside it without which it does not count as finished.
  ///   - wasKnown: Called if there is nothing to do.
  ///   - make: Makes the result, and writes the files beside it.
  /// - Throws: `FileError` if its document is damaged or cannot be written, or what `make` throws.
  func result<Result: Codable>(
    of cell: Cell, with endings: [String] = [], wasKnown: () -> Void = {}, orMake make: () throws -> Result
  ) throws -> Result {
    if let known = try result(of: cell, with: endings, as: Result.self) {
      wasKnown()
      return known
    }
    let clock = ContinuousClock(), begin = clock.now, made = try make()
    try keep(made, of: cell, seconds: (clock.now - begin).inSeconds)
    return made
  }

  /// Keeps the result of a cell; files beside it are written before.
  ///
  /// - Parameters:
  ///   - result: What was found.
  ///   - cell: The cell.
  ///   - seconds: How long it took, for whoever reads the file; results and tables hold no durations, so that they are the same again.
  public func keep(_ result: some Encodable, of cell: Cell, seconds: Double) throws {
    let document = JSONValue.object([
      "key": .string(cell.key), "study": identity.json, "settings": cell.settings,
      "result": try JSONValue(encoding: result), "seconds": .number(seconds),
    ])
    try OutputFile.write((document.text + "\n").utf8, to: path(of: cell, "json"))
  }

  /// How long all finished cells took, those of runs that were stopped among them; in seconds.
  ///
  /// - Throws: `FileError` if the folder cannot be read or a cell's document is damaged.
  public func seconds() throws -> Double {
    let folder = Self.join(folder, "cells")
    let names = try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(".json") }.sorted()
    return try names.reduce(0) { try $0 + (JSONValue(contentsOf: Self.join(folder, $1))["seconds"]?.double ?? 0) }
  }

  /// Writes a report of the study, such as a table, into its folder.
  public func write(_ text: String, to name: String) throws(FileError) {
    try OutputFile.write(text.utf8, to: Self.join(folder, name))
  }

  private static func join(_ folder: String, _ name: String) -> String {
    (folder as NSString).appendingPathComponent(name)
  }
}
