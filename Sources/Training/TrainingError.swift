public import Compute

/// A training that cannot begin or go on.
public enum TrainingError: Error, CustomStringConvertible, Sendable, Hashable {
  /// The loss or the norm of the gradients is not finite.
  case diverged(step: Int, loss: Double, gradientNorm: Double)
  /// Gradients would be stored in a precision whose range is too small for them.
  case precision(Precision)
  /// The parts of a batch cannot be shared out among the ranks.
  case ranks(Int, parts: Int)
  /// A setting has a value that is not possible.
  case setting(fault: String)
  /// What a task remembers from step to step is not there or not of its kind.
  case state(name: String, fault: String)

  /// The fault as one line.
  public var description: String {
    switch self {
    case .diverged(let step, let loss, let norm):
      "step \(step): the loss is \(loss) and the norm of the gradients \(norm)"
    case .precision(let precision):
      "gradients are too small for \(precision.rawValue); training takes float32 or bfloat16"
    case .ranks(let ranks, let parts):
      "a batch of \(parts) parts cannot be shared out among \(ranks) ranks; --parts is a multiple of their number"
    case .setting(let fault): fault
    case .state(let name, let fault): "'\(name)' \(fault)"
    }
  }
}
