/// A request that cannot be carried out, as one line that names the flag or file and says what would be right.
public struct PipelineError: Error, Sendable, Hashable, CustomStringConvertible {
  /// What is wrong and what would be right.
  public let message: String

  /// An error of one line.
  public init(_ message: String) {
    self.message = message
  }

  /// The line as it is printed.
  public var description: String { message }
}
