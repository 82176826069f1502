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
    .init(path, "\(action): \(String(cString: strerror(code)))")
  }

  /// The line as it is printed: `path: fault`.
  public var description: String { "\(path): \(fault)" }
}
