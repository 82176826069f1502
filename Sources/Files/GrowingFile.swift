import Foundation

/// A file that grows at its end while a program runs, such as a log.
public final class GrowingFile {
  /// The file's path.
  public let path: String
  private let descriptor: Int32

  /// Begins a file anew with some bytes; see ``OutputFile/write(_:to:)-(Sequence<UInt8>,String)``.
  public init(_ path: String, beginning: some Sequence<UInt8>) throws(FileError) {
    try OutputFile.write(beginning, to: path)
    descriptor = open(path, O_WRONLY | O_APPEND | O_NOCTTY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .system(path, "cannot be written") }
    self.path = path
  }

  deinit { close(descriptor) }

  /// Adds bytes at the end, at once.
  ///
  /// - Throws: ``FileError`` if the disk is full.
  public func append(_ bytes: some Sequence<UInt8>) throws(FileError) {
    try OutputFile.withBytes(of: ContiguousArray(bytes)) { bytes throws(FileError) in
      try OutputFile.writeAll(bytes, to: descriptor, path: path)
    }
  }
}
