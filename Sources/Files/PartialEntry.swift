import Foundation

/// A file or folder that is being written, under a name that nobody can foretell, until it is renamed or given up.
///
/// It is locked (`flock`) for as long as it has that name. The system takes the lock from a process that ends, however it ends, so
/// that what bears such a name and can be locked was left by a run that was killed: ``removeLeftovers(in:)``. This holds across
/// machines and containers that share the folder, where process numbers say nothing; where a file system has no locks, nothing is
/// removed.
struct PartialEntry {
  /// Its path for now.
  let path: String
  /// What is written to.
  let descriptor: Int32

  /// Makes an empty file or folder.
  ///
  /// - Parameters:
  ///   - folder: Where.
  ///   - isFolder: Whether a folder is made.
  ///   - isPrivate: Whether nobody else may read it yet.
  ///   - reported: The path that an error names.
  init(in folder: String, isFolder: Bool = false, isPrivate: Bool = false, for reported: String) throws(FileError) {
    while true {
      let path = (folder as NSString).appendingPathComponent(Self.newName())
      let descriptor =
        isFolder
        ? (mkdir(path, 0o777) == 0 ? open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) : -1)
        : open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, isPrivate ? 0o600 : 0o644)
      guard descriptor >= 0 else {
        if errno == EEXIST { continue }
        throw .system(reported, "cannot be written")
      }
      let isLocked = flock(descriptor, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK
      if isLocked, Self.leads(path, to: descriptor) {
        (self.path, self.descriptor) = (path, descriptor)
        return
      }
      // Another run that clears the folder came between the two calls.
      close(descriptor)
    }
  }

  /// Gives it the name that it is written for, in place of what has that name; the lock ends.
  func rename(to target: String, for reported: String) throws(FileError) {
    guard Foundation.rename(path, target) == 0 else { throw .system(reported, "cannot be written") }
    close(descriptor)
  }

  /// Removes it.
  func discard() {
    try? FileManager.default.removeItem(atPath: path)
    close(descriptor)
  }

  /// Removes what runs that were killed left in a folder.
  static func removeLeftovers(in folder: String) {
    for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] where isName(name) {
      let path = (folder as NSString).appendingPathComponent(name)
      let descriptor = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
      guard descriptor >= 0 else { continue }
      if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { try? FileManager.default.removeItem(atPath: path) }
      close(descriptor)
    }
  }

  private static let (prefix, suffix) = (".diffuse-gpu-", ".partial")

  private static func newName() -> String {
    let digits = String(UInt64.random(in: 0...UInt64.max), radix: 16)
    return prefix + String(repeating: "0", count: 16 - digits.count) + digits + suffix
  }

  /// Whether a name is one of those that are made here.
  private static func isName(_ name: String) -> Bool {
    guard name.hasPrefix(prefix), name.hasSuffix(suffix) else { return false }
    let digits = name.dropFirst(prefix.count).dropLast(suffix.count)
    return digits.utf8.count == 16 && digits.utf8.allSatisfy("0123456789abcdef".utf8.contains)
  }

  /// Whether a path still leads to what is open.
  static func leads(_ path: String, to descriptor: Int32) -> Bool {
    var (named, opened) = (stat(), stat())
    return lstat(path, &named) == 0 && fstat(descriptor, &opened) == 0 && named.st_ino == opened.st_ino
      && named.st_dev == opened.st_dev
  }
}
