/// An input that a network cannot take, as one line that says what is wrong and what would be right.
public struct NetworkError: Error, Sendable, Hashable, CustomStringConvertible {
  /// What is wrong and what would be right.
  public let message: String

  /// An error of one line.
  public init(_ message: String) {
    self.message = message
  }

  /// The line as it is printed.
  public var description: String { message }
}
