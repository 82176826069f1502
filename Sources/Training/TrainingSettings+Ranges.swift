extension TrainingSettings {
  /// The largest number of steps: that of the eight digits in a checkpoint's name, by which checkpoints are sorted.
  public static let mostSteps = 99_999_999

  /// The whole numbers, by their names in files, with what is possible.
  private var counts: [(name: String, value: Int, range: ClosedRange<Int>)] {
    [
      ("batch", batch, 1...1_048_576), ("parts", parts, 1...1_048_576), ("steps", steps, 1...Self.mostSteps),
      ("warm_up", warmUp, 0...Self.mostSteps), ("shift", shift, 0...65_536), ("label", label ?? 0, 0...1023),
    ]
  }

  private var rates: [(name: String, value: Double, range: ClosedRange<Double>)] {
    [
      ("learning_rate", learningRate, 0...10), ("final_rate", finalLearningRate, 0...1),
      ("first_decay", beta1, 0...0.9999), ("second_decay", beta2, 0...0.999999), ("epsilon", epsilon, 1e-30...1),
      ("weight_decay", weightDecay, 0...10), ("clip_norm", clipNorm ?? 1, 1e-9...1e9),
      ("average_decay", emaDecay, 0...0.9999999), ("snr_limit", snrLimit ?? 1, 1e-9...1e9),
      ("label_dropout", labelDropout, 0...1), ("label_smoothing", labelSmoothing, 0...0.9),
      ("dropout", dropout ?? 0, 0...0.95),
    ]
  }

  /// What is wrong with the numbers, or nil if nothing is.
  public var fault: String? {
    if let (name, value, range) = counts.first(where: { !$0.range.contains($0.value) }) {
      return Self.fault(name, "\(value)", "\(range.lowerBound)", "\(range.upperBound)")
    }
    if let (name, value, range) = rates.first(where: { !$0.range.contains($0.value) }) {
      return Self.fault(name, "\(value)", "\(range.lowerBound)", "\(range.upperBound)")
    }
    guard parts & (parts - 1) == 0, batch % parts == 0 else {
      return "parts is \(parts); 1, 2, 4, 8, ... is possible, and divides a batch of \(batch)"
    }
    return nil
  }

  /// What is wrong with a number of a file that may be none that a setting can have, or nil if it is one.
  static func fault(of name: String, _ number: Double) -> String? {
    guard number.isFinite else { return "\(name) is \(number); a finite number is needed" }
    if name == "seed", !(0..<9_007_199_254_740_992 ~= number) {
      return "seed is \(number); numbers are exact from 0 to 2^53, larger seeds are written as text"
    }
    guard let (_, _, range) = Self().counts.first(where: { $0.name == name }) else { return nil }
    guard let whole = Int(exactly: number), range.contains(whole) else {
      return fault(name, "\(number)", "\(range.lowerBound)", "\(range.upperBound)")
    }
    return nil
  }

  private static func fault(_ name: String, _ value: String, _ least: String, _ most: String) -> String {
    "\(name) is \(value); \(least) to \(most) is possible"
  }
}
