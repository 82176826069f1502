import Foundation

/// What a path that is to be written stands for, found out without touching it.
enum OutputTarget {
  /// A file that is made, or replaced as a whole; `path` is where links lead to, `old` is what is there.
  case file(path: String, old: stat?)
  /// A character device or a FIFO, which takes the bytes as they come.
  case stream

  /// Looks at a path.
  ///
  /// - Throws: ``FileError`` for what is never written: a folder, a socket, a block device, a file that nobody may write to.
  init(_ path: String) throws(FileError) {
    guard !path.isEmpty else { throw FileError("''", "is no name of a file") }
    guard !path.hasSuffix("/") else { throw FileError(path, "names a folder, not a file") }
    var status = stat()
    guard stat(path, &status) == 0 else {
      // The file that a link leads to may be missing as well: it is made there.
      guard errno == ENOENT else { throw .system(path, "cannot be written") }
      self = .file(path: try Self.followed(path), old: nil)
      return
    }
    switch status.st_mode & S_IFMT {
    case S_IFREG:
      // The first condition holds for root too, whom the system lets write anything.
      guard status.st_mode & 0o222 != 0, faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) == 0 else {
        throw FileError(path, "is write-protected")
      }
      self = .file(path: try Self.followed(path), old: status)
    case S_IFCHR, S_IFIFO:
      guard faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) == 0 else { throw .system(path, "cannot be written") }
      self = .stream
    case S_IFDIR: throw FileError(path, "is a folder, not a file")
    case S_IFSOCK: throw FileError(path, "is a socket; name a file, a FIFO or a character device")
    default: throw FileError(path, "is a block device; name a file, a FIFO or a character device")
    }
  }

  /// Where the links of a path's last component lead to.
  private static func followed(_ path: String) throws(FileError) -> String {
    var place = path, status = stat(), processes = stat()
    let hasProcesses = lstat("/proc", &processes) == 0
    // As many links as the system follows.
    for _ in 0..<40 {
      guard lstat(place, &status) == 0, status.st_mode & S_IFMT == S_IFLNK else { return place }
      // /dev/stdout and its like: the file has a name of its own, and its descriptor is written to by others.
      guard !hasProcesses || status.st_dev != processes.st_dev else {
        throw FileError(path, "stands for a file that is open already; name the file itself")
      }
      guard let target = try? FileManager.default.destinationOfSymbolicLink(atPath: place) else {
        throw FileError(path, "is a link that cannot be followed")
      }
      place =
        target.hasPrefix("/")
        ? target : (parentFolder(of: place) as NSString).appendingPathComponent(target)
    }
    throw .system(path, "cannot be written", errno: ELOOP)
  }

  /// The folder that holds a path's last component.
  static func folder(of path: String) -> String {
    let folder = parentFolder(of: path)
    return folder.isEmpty ? "." : folder
  }
}
