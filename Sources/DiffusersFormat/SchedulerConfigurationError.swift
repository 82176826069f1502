/// A value of a scheduler's configuration that cannot be followed.
public struct SchedulerConfigurationError: Error, Sendable, Hashable, CustomStringConvertible {
  /// Where the value stands: the name of a file; nil for an argument of the call.
  public let source: String?
  /// The key, or nil where the document as a whole is at fault.
  public let key: String?
  /// What is wrong with it and what would be right.
  public let fault: String

  /// The line as it is printed: `source: fault`.
  public var description: String { source.map { "\($0): \(fault)" } ?? fault }
}
