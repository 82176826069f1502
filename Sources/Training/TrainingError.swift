/// A training that cannot go on.
public enum TrainingError: Error, CustomStringConvertible, Sendable, Hashable {
  /// The loss or the norm of the gradients is not finite.
  case diverged(step: Int, loss: Double, gradientNorm: Double)

  /// The fault as one line.
  public var description: String {
    switch self {
    case .diverged(let step, let loss, let norm):
      "step \(step): the loss is \(loss) and the norm of the gradients \(norm)"
    }
  }
}
