import DiffuseGPU

/// Training steps as flags name them.
enum TrainingStepList {
  /// A list such as `900,800,700`.
  ///
  /// - Parameters:
  ///   - text: The list.
  ///   - flag: The flag that it came with.
  ///   - last: The last training step.
  static func steps(in text: String, flag: String, last: Int) throws(CommandError) -> [Int] {
    var steps: [Int] = []
    for word in text.split(separator: ",", omittingEmptySubsequences: false) {
      guard let step = Int(word) else { throw CommandError("\(flag) '\(text)': '\(word)' is no training step") }
      try checkNumber(flag, step, in: 1...max(1, last))
      steps.append(step)
    }
    return steps
  }
}
