import Foundation

extension OutputFile {
  /// Finds out before any work is done whether a folder takes files, or can be made with its parents; nothing is left behind.
  ///
  /// - Throws: ``FileError`` naming the folder or file that is in the way.
  public static func checkFolder(_ path: String) throws(FileError) {
    var place = path
    var isFolder: ObjCBool = false
    while !FileManager.default.fileExists(atPath: place, isDirectory: &isFolder) {
      let parent = parentFolder(of: place)
      place = parent.isEmpty ? "." : parent
    }
    guard isFolder.boolValue else { throw FileError(place, "is a file, not a folder") }
    try checkWritable((place as NSString).appendingPathComponent("any file"))
  }

  /// Renames a file that is not whole, so that it is not taken for one that is, and nothing of it is lost: `.damaged` is added.
  public static func setAside(_ path: String) throws(FileError) {
    guard rename(path, path + ".damaged") == 0 else { throw .system(path, "cannot be renamed") }
  }
}
