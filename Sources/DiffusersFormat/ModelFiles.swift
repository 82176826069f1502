public import Files
import Foundation

/// The files of a model: in a folder, or bundled with the program.
public enum ModelFiles {
  /// A folder on disk.
  case folder(String)
  /// Files in memory by their path inside the model, such as `unet/config.json`; `name` is what messages call the whole.
  case embedded(name: String, files: [String: MappedFile])

  /// What messages call a file.
  public func path(_ name: String) -> String {
    switch self {
    case .folder(let folder): name.isEmpty ? folder : (folder as NSString).appendingPathComponent(name)
    case .embedded(let whole, _): name.isEmpty ? whole : "\(whole)/\(name)"
    }
  }

  /// Whether there is a file of the name.
  public func has(_ name: String) -> Bool {
    switch self {
    case .folder:
      var isFolder: ObjCBool = false
      return FileManager.default.fileExists(atPath: path(name), isDirectory: &isFolder) && !isFolder.boolValue
    case .embedded(_, let files): return files[name] != nil
    }
  }

  /// Opens a file.
  public func open(_ name: String) throws(FileError) -> MappedFile {
    switch self {
    case .folder: return try MappedFile(path(name))
    case .embedded(_, let files):
      guard let file = files[name] else { throw FileError(path(name), "is not there") }
      return file
    }
  }

  /// Reads a JSON file.
  public func json(_ name: String) throws(FileError) -> JSONValue {
    let file = try open(name)
    defer { withExtendedLifetime(file) {} }
    return try JSONValue(parsing: file.bytes, path: path(name))
  }

  /// The names of the files right in a subfolder (`""` for the model's own folder), sorted; without those that begin with a dot,
  /// which systems leave beside others (`._*`).
  func names(in subfolder: String) -> [String] {
    switch self {
    case .folder:
      let names = (try? FileManager.default.contentsOfDirectory(atPath: path(subfolder))) ?? []
      return names.filter { !$0.hasPrefix(".") && has(Self.join(subfolder, $0)) }.sorted()
    case .embedded(_, let files):
      let prefix = subfolder.isEmpty ? "" : subfolder + "/"
      return files.keys.filter { $0.hasPrefix(prefix) }.map { String($0.dropFirst(prefix.count)) }
        .filter { !$0.contains("/") }.sorted()
    }
  }

  static func join(_ folder: String, _ name: String) -> String { folder.isEmpty ? name : "\(folder)/\(name)" }
}
