/// A request that a sampler or a scheduler's configuration cannot meet, in one line for the user.
public struct SamplerError: Error, Sendable, Hashable, CustomStringConvertible {
  /// What is wrong and what would be right.
  public let description: String

  /// An error with its line.
  init(_ description: String) {
    self.description = description
  }

  /// A value that is not among the legal ones.
  static func illegal(_ value: String, for key: String, in source: String, legal: [String]) -> SamplerError {
    .init("\(source): \(key) is \(value), which is not one of \(legal.joined(separator: ", "))")
  }

  /// A network that was to predict its variance and does not.
  static func missingVariance(_ type: String) -> SamplerError {
    .init("variance_type is \(type), but the network's output has no second half of channels to hold a variance")
  }

  /// A number of steps that does not fit the grid.
  static func steps(_ count: Int, _ reason: String) -> SamplerError {
    .init("\(count) steps: \(reason)")
  }
}
