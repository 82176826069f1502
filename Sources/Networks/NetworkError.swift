/// A network that cannot be built or an input that it cannot take.
public struct NetworkError: Error, Sendable, Hashable, CustomStringConvertible {
  /// Where the fault lies, as messages call it: a configuration or a file of weights; nil for an input.
  public let subject: String?
  /// What is wrong and what would be right.
  public let fault: String

  /// A fault of an input.
  public init(_ fault: String) {
    subject = nil
    self.fault = fault
  }

  /// A fault of a configuration or of parameters.
  public init(_ subject: String, _ fault: String) {
    self.subject = subject
    self.fault = fault
  }

  /// The line as it is printed: `subject: fault`.
  public var description: String { subject.map { "\($0): \(fault)" } ?? fault }
}
