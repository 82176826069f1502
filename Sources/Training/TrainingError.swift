/// A training that cannot go on, in one line for the user.
public struct TrainingError: Error, CustomStringConvertible, Sendable, Hashable {
  /// What is wrong, and what would be right.
  public let description: String

  /// An error.
  public init(_ description: String) {
    self.description = description
  }
}
