import Foundation

/// A file that cannot be read or written, as one line that names it and the fault.
public struct FileError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The file or folder.
  public let path: String
  /// What is wrong, and where it helps, what would be right.
  public let fault: String

  /// An error of one file.
  public init(_ path: String, _ fault: String) {
    self.path = path
    self.fault = fault
  }

  /// An error of the operating system on one file, from `errno`.
  static func system(_ path: String, _ action: String, errno code: Int32 = errno) -> FileError {
    // Names of a folder that are not UTF-8 are repaired when it is listed, by a character that they then have on the way back.
    guard code != ENOENT || !path.contains("\u{FFFD}") else {
      return .init(path, "\(action): its name is not UTF-8; rename it")
    }
    return .init(path, "\(action): \(String(cString: strerror(code)))")
  }

  /// The line as it is printed: `path: fault`; both may hold names out of foreign files and are made printable.
  public var description: String { "\(path): \(fault)".printable }
}
