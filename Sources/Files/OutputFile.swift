import Foundation

/// Writing of whole files: to a temporary name beside the target, then renamed, so that no half of a file is ever seen.
public enum OutputFile {
  /// Writes a file; after a failure neither it nor the temporary one is there, and an older file of the name is untouched.
  ///
  /// - Throws: ``FileError`` if the folder cannot be written or the disk is full.
  public static func write(_ bytes: some Sequence<UInt8>, to path: String) throws(FileError) {
    let buffer = ContiguousArray(bytes)
    var failure: FileError?
    buffer.withUnsafeBytes { bytes in
      do throws(FileError) {
        try write(bytes, to: path)
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
  }

  /// Writes a file from memory; see ``write(_:to:)-(Sequence<UInt8>,String)``.
  public static func write(_ bytes: UnsafeRawBufferPointer, to path: String) throws(FileError) {
    try write(pieces: [bytes], to: path)
  }

  /// Writes a file from arrays of bytes, one after the other, without joining them; see ``write(_:to:)-(Sequence<UInt8>,String)``.
  public static func write(pieces: [[UInt8]], to path: String) throws(FileError) {
    try write(to: path) { descriptor throws(FileError) in
      for piece in pieces {
        var failure: FileError?
        piece.withUnsafeBytes { bytes in
          do throws(FileError) {
            try writeAll(bytes, to: descriptor, path: path)
          } catch {
            failure = error
          }
        }
        if let failure { throw failure }
      }
    }
  }

  /// Writes a file from pieces of memory, one after the other; see ``write(_:to:)-(Sequence<UInt8>,String)``.
  public static func write(pieces: [UnsafeRawBufferPointer], to path: String) throws(FileError) {
    try write(to: path) { descriptor throws(FileError) in
      for piece in pieces { try writeAll(piece, to: descriptor, path: path) }
    }
  }

  /// Writes a file by a body that is given its descriptor.
  private static func write(to path: String, _ body: (Int32) throws(FileError) -> Void) throws(FileError) {
    let temporary = path + ".\(getpid()).partial"
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw .system(path, "cannot be written") }
    do throws(FileError) {
      try body(descriptor)
      // The rename must not come before the contents do.
      guard fsync(descriptor) == 0 || errno == EINVAL else { throw .system(path, "cannot be written") }
    } catch {
      close(descriptor)
      unlink(temporary)
      throw error
    }
    guard close(descriptor) == 0, rename(temporary, path) == 0 else {
      let error = FileError.system(path, "cannot be written")
      unlink(temporary)
      throw error
    }
  }

  private static func writeAll(
    _ bytes: UnsafeRawBufferPointer, to descriptor: Int32, path: String
  ) throws(FileError) {
    var rest = bytes
    while !rest.isEmpty {
      let count = Foundation.write(descriptor, rest.baseAddress, min(rest.count, 1 << 30))
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw .system(path, "cannot be written", errno: count == 0 ? ENOSPC : errno) }
      rest = .init(rebasing: rest[count...])
    }
  }

  /// Makes a folder with its parents, and finds out at once whether files can be written there.
  public static func prepareFolder(_ path: String) throws(FileError) {
    var isFolder: ObjCBool = false
    if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) {
      guard isFolder.boolValue else { throw FileError(path, "is a file, not a folder") }
    } else {
      do {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
      } catch {
        throw FileError(path, "the folder cannot be made: \(error.localizedDescription)")
      }
    }
    try checkWritable(folder: path)
  }

  /// Finds out before any work is done whether a file can be written: its folder exists and takes files.
  public static func checkWritable(_ path: String) throws(FileError) {
    var isFolder: ObjCBool = false
    if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue {
      throw FileError(path, "is a folder, not a file")
    }
    let folder = (path as NSString).deletingLastPathComponent
    try checkWritable(folder: folder.isEmpty ? "." : folder)
  }

  private static func checkWritable(folder: String) throws(FileError) {
    // access(2) says yes to root on a read-only medium's files, so a file is really made.
    let probe = (folder as NSString).appendingPathComponent(".diffuse-gpu-\(getpid())")
    let descriptor = open(probe, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw .system(folder, "cannot be written to") }
    close(descriptor)
    unlink(probe)
  }
}
