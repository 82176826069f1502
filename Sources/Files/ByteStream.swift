import CZlib
import Foundation

/// The bytes of a file from front to back, unpacked on the way if it is compressed with gzip.
public final class ByteStream {
  /// The file's path.
  public let path: String
  /// The file's size, packed as it is.
  public let fileSize: Int
  /// The most bytes that can come: the file's size, or 1,032 times as much if it is compressed, which is deflate's limit.
  public let byteLimit: Int
  private let handle: gzFile

  /// Opens a file, compressed or not.
  public init(_ path: String) throws(FileError) {
    var status = stat()
    guard stat(path, &status) == 0 else { throw .system(path, "cannot be opened") }
    guard status.st_mode & S_IFMT == S_IFREG else { throw FileError(path, "is not a file") }
    guard let handle = gzopen(path, "rb") else { throw .system(path, "cannot be opened") }
    self.path = path
    self.handle = handle
    gzbuffer(handle, 1 << 17)
    fileSize = Int(status.st_size)
    byteLimit = fileSize * (gzdirect(handle) == 1 ? 1 : 1032)
  }

  deinit {
    gzclose(handle)
  }

  /// The next `count` bytes.
  ///
  /// - Throws: ``FileError`` if fewer are left, or the compressed data are damaged.
  public func read(_ count: Int) throws(FileError) -> [UInt8] {
    let bytes = try readUpTo(count)
    guard bytes.count == count else {
      throw FileError(path, "is cut short: \(count) bytes were expected where \(bytes.count) are left")
    }
    return bytes
  }

  /// The next `count` bytes, or those that are left.
  public func readUpTo(_ count: Int) throws(FileError) -> [UInt8] {
    var bytes: [UInt8] = []
    while bytes.count < count {
      // In pieces, so that a lying header cannot ask for more memory than the file fills.
      var piece = [UInt8](repeating: 0, count: min(count - bytes.count, 1 << 24))
      let read = gzread(handle, &piece, UInt32(piece.count))
      var code: Int32 = 0
      let message = gzerror(handle, &code)
      guard read >= 0, code == Z_OK || code == Z_STREAM_END else {
        throw FileError(path, "cannot be unpacked: \(message.map { String(cString: $0) } ?? "code \(code)")")
      }
      bytes += piece[..<Int(read)]
      if read < piece.count { break }
    }
    return bytes
  }

  /// The error of a reader that wanted something else than the file, unpacked, begins with; nil if that is no known form.
  ///
  /// - Parameters:
  ///   - path: The file.
  ///   - wanted: What the reader reads.
  public static func mistaken(_ path: String, for wanted: String) -> FileError? {
    guard let head = try? ByteStream(path).readUpTo(512) else { return nil }
    return FileKind.mistaken(head, path: path, for: wanted)
  }

  /// Makes sure that nothing follows.
  public func expectEnd() throws(FileError) {
    guard try readUpTo(1).isEmpty else { throw FileError(path, "has more bytes than its header says") }
  }
}
