import Foundation

/// The right to write into a folder, which one process has at a time.
///
/// It is `flock` on a file in the folder, so the system takes it back from a process that is killed; the file goes with the lock, and
/// one that a killed process left is taken over.
public final class FolderLock {
  private let path: String
  private let descriptor: Int32

  /// Takes the right to a folder that is there.
  ///
  /// - Throws: ``FileError`` if another process has it, or the folder cannot be written.
  public init(_ folder: String) throws(FileError) {
    path = (folder as NSString).appendingPathComponent(".lock")
    while true {
      let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o644)
      guard descriptor >= 0 else { throw .system(folder, "cannot be locked") }
      guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
        let code = errno
        close(descriptor)
        guard code == EWOULDBLOCK else { throw .system(folder, "cannot be locked", errno: code) }
        throw FileError(folder, "is in use by another run of this program; wait for its end or name another folder")
      }
      // Who had the lock before may have removed the file between the two calls above.
      if PartialEntry.leads(path, to: descriptor) {
        self.descriptor = descriptor
        return
      }
      close(descriptor)
    }
  }

  deinit {
    unlink(path)
    close(descriptor)
  }
}
