import Files
import Foundation

/// What a folder holds, without what systems put there unasked.
///
/// Names that begin with a dot (`.DS_Store`, the `._*` of Apple's file systems) are passed over, and the folder `__MACOSX`. The
/// order is that of the names' code points, as Python sorts them.
struct FolderListing {
  /// The folder.
  let path: String
  /// The names of its files.
  let files: [String]
  /// The names of the folders in it.
  let folders: [String]
  /// How many names are passed over.
  let hiddenCount: Int

  /// Lists a folder.
  init(_ path: String) throws(FileError) {
    guard let names = try? FileManager.default.contentsOfDirectory(atPath: path) else {
      throw FileError(path, "the folder cannot be read")
    }
    self.path = path
    let visible = names.filter { !$0.hasPrefix(".") && $0 != "__MACOSX" }
      .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    hiddenCount = names.count - visible.count
    var files: [String] = [], folders: [String] = []
    for name in visible {
      if Self.isFolder(Self.join(path, name)) { folders.append(name) } else { files.append(name) }
    }
    (self.files, self.folders) = (files, folders)
  }

  /// The path of a name in the folder.
  func path(of name: String) -> String { Self.join(path, name) }

  /// A folder in this one, or nil if there is none of the name.
  func folder(_ name: String) -> FolderListing? { folders.contains(name) ? try? FolderListing(path(of: name)) : nil }

  static func join(_ folder: String, _ name: String) -> String { (folder as NSString).appendingPathComponent(name) }

  static func isFolder(_ path: String) -> Bool {
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
  }
}
