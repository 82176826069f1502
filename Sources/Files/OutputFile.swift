import Foundation

/// Writing of whole files: to a temporary name beside the target, then renamed, so that no half of a file is ever seen.
///
/// The temporary file is new (`O_EXCL`, `O_NOFOLLOW`), its name random; what a run that was killed left is removed by the next
/// that checks the folder. A symbolic link is followed: the file that it leads to is replaced, or made, and the link stays. An older
/// file's permissions are kept; one that nobody may write to is refused, although its folder would let it be replaced. A character
/// device or a FIFO takes the bytes as they come, the FIFO once somebody reads from it; sockets and block devices are refused.
public enum OutputFile {
  /// Writes a file; after a failure neither it nor the temporary one is there, and an older file of the name is untouched.
  ///
  /// - Throws: ``FileError`` if the path or its folder cannot be written or the disk is full.
  public static func write(_ bytes: some Sequence<UInt8>, to path: String) throws(FileError) {
    try withBytes(of: ContiguousArray(bytes)) { bytes throws(FileError) in try write(bytes, to: path) }
  }

  /// Writes a file from memory; see ``write(_:to:)-(Sequence<UInt8>,String)``.
  public static func write(_ bytes: UnsafeRawBufferPointer, to path: String) throws(FileError) {
    try write(pieces: [bytes], to: path)
  }

  /// Writes a file from arrays of bytes, one after the other, without joining them; see ``write(_:to:)-(Sequence<UInt8>,String)``.
  public static func write(pieces: [[UInt8]], to path: String) throws(FileError) {
    try write(to: path) { descriptor throws(FileError) in
      for piece in pieces {
        try withBytes(of: piece) { bytes throws(FileError) in try writeAll(bytes, to: descriptor, path: path) }
      }
    }
  }

  /// Writes a file from pieces of memory, one after the other; see ``write(_:to:)-(Sequence<UInt8>,String)``.
  public static func write(pieces: [UnsafeRawBufferPointer], to path: String) throws(FileError) {
    try write(to: path) { descriptor throws(FileError) in
      for piece in pieces { try writeAll(piece, to: descriptor, path: path) }
    }
  }

  /// Writes a file by a body that is given its descriptor: the one way by which bytes of the libraries reach a disk.
  private static func write(to path: String, _ body: (Int32) throws(FileError) -> Void) throws(FileError) {
    switch try OutputTarget(path) {
    case .stream:
      let descriptor = open(path, O_WRONLY | O_NOCTTY | O_CLOEXEC)
      guard descriptor >= 0 else { throw .system(path, "cannot be written") }
      defer { close(descriptor) }
      try body(descriptor)
    case .file(let target, let old):
      let partial = try PartialEntry(in: OutputTarget.folder(of: target), isPrivate: old != nil, for: path)
      do throws(FileError) {
        try body(partial.descriptor)
        if let old {
          // Whose file it was cannot always be kept; what others may do with it can.
          _ = fchown(partial.descriptor, old.st_uid, old.st_gid)
          fchmod(partial.descriptor, old.st_mode & 0o777)
        }
        // The rename must not come before the contents do.
        guard fsync(partial.descriptor) == 0 || errno == EINVAL else { throw .system(path, "cannot be written") }
        try partial.rename(to: target, for: path)
      } catch {
        partial.discard()
        throw error
      }
    }
  }

  /// Hands bytes to a body, whose typed error Foundation's own function does not carry through.
  static func withBytes(
    of bytes: some ContiguousBytes, _ body: (UnsafeRawBufferPointer) throws(FileError) -> Void
  ) throws(FileError) {
    var failure: FileError?
    bytes.withUnsafeBytes { bytes in
      do throws(FileError) {
        try body(bytes)
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
  }

  static func writeAll(
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
  ///
  /// Removes what runs that were killed left in the folder.
  public static func checkWritable(_ path: String) throws(FileError) {
    guard case .file(let target, _) = try OutputTarget(path) else { return }
    try checkWritable(folder: OutputTarget.folder(of: target))
  }

  private static func checkWritable(folder: String) throws(FileError) {
    PartialEntry.removeLeftovers(in: folder)
    // access(2) says yes to root on a read-only medium's files, so a file is really made.
    try PartialEntry(in: folder, for: folder).discard()
  }

  /// Makes a folder that appears whole, by renaming, or not at all.
  ///
  /// - Parameters:
  ///   - path: Where nothing is yet; its parent exists.
  ///   - body: Fills the folder, whose path for now it is given.
  /// - Throws: ``FileError`` if it cannot be made, or what the body throws.
  public static func makeFolder(_ path: String, _ body: (String) throws(FileError) -> Void) throws(FileError) {
    let partial = try PartialEntry(in: OutputTarget.folder(of: path), isFolder: true, for: path)
    do throws(FileError) {
      try body(partial.path)
      try partial.rename(to: path, for: path)
    } catch {
      partial.discard()
      throw error
    }
  }

  /// Finds out before any work is done that no file is written twice, nor one that is read.
  ///
  /// - Parameters:
  ///   - paths: What is going to be written, devices and FIFOs as well, which may take more than one.
  ///   - inputs: What is read; paths where nothing is, such as names of bundled models, do no harm.
  /// - Throws: ``FileError`` naming the first path that is in the way of another.
  public static func checkDistinct(_ paths: [String], readFrom inputs: [String] = []) throws(FileError) {
    let read = Set(inputs.compactMap { try? identity(of: $0) })
    var written: Set<String> = []
    for path in paths {
      guard let identity = try identity(of: path) else { continue }
      guard !read.contains(identity) else { throw FileError(path, "is read by this run; name another output") }
      guard written.insert(identity).inserted else {
        throw FileError(path, "would be written twice by this run; name different outputs")
      }
    }
  }

  /// A file's folder and name, the same for all ways to write them; nil for what is no file.
  private static func identity(of path: String) throws(FileError) -> String? {
    guard case .file(let target, _) = try OutputTarget(path) else { return nil }
    var folder = stat()
    guard stat(OutputTarget.folder(of: target), &folder) == 0 else { return target }
    return "\(folder.st_dev) \(folder.st_ino) \((target as NSString).lastPathComponent)"
  }
}
