import Files
import Foundation

/// The form of images that a path asks for.
enum OutputForm: Equatable {
  case folder, grid, archive, array

  /// A folder that is there or a path that ends in a slash is a folder, whatever its name; else the ending decides.
  ///
  /// - Throws: `FileError` if the ending is unknown.
  init(_ path: String) throws(FileError) {
    var isFolder: ObjCBool = false
    if path.hasSuffix("/") || FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
    {
      self = .folder
      return
    }
    let ending = (path as NSString).pathExtension.lowercased()
    switch ending {
    case "": self = .folder
    case "png": self = .grid
    case "npz": self = .archive
    case "npy": self = .array
    default:
      throw FileError(
        path, "the form '.\(ending)' is unknown; write to .png, .npz or .npy, or to a folder, with a slash at its end")
    }
  }

  /// The record beside an output of this form.
  ///
  /// The files of a part have names of their own; in a folder only the record needs one.
  func record(of path: String, _ shard: Shard? = nil) -> String {
    guard self == .folder else { return (path as NSString).deletingPathExtension + ".json" }
    let record = (path as NSString).appendingPathComponent("run.json")
    return shard?.path(of: record) ?? record
  }
}
