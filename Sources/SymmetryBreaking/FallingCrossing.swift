/// Where a value that falls from one training step to the next passes a threshold, between two steps by a straight line.
///
/// The bracket is narrowed by the straight line through its ends, kept an eighth of the width away from both, until it is at most
/// `width` steps wide.
///
/// - Parameters:
///   - threshold: What the value passes.
///   - bracket: Two steps; the value is at least the threshold at the lower one and below it at the upper one.
///   - width: The width at which the line is taken for the curve, at least one step.
///   - value: The value at a step.
/// - Returns: The step, or nil if the value does not pass the threshold between the two.
public func fallingCrossing(
  of threshold: Double, in bracket: ClosedRange<Int>, width: Int, _ value: (Int) throws -> Double
) rethrows -> Double? {
  var (low, high) = (bracket.lowerBound, bracket.upperBound)
  var (atLow, atHigh) = (try value(low), try value(high))
  guard atLow >= threshold, atHigh < threshold else { return nil }
  while high - low > max(1, width) {
    let margin = max(1, (high - low) / 8), line = interpolated(low, atLow, high, atHigh, threshold)
    let step = min(max(Int(line.rounded()), low + margin), high - margin)
    let found = try value(step)
    if found >= threshold { (low, atLow) = (step, found) } else { (high, atHigh) = (step, found) }
  }
  return interpolated(low, atLow, high, atHigh, threshold)
}

/// The last pair of neighbours, coming from the highest step, between which a value first reaches a threshold from below.
///
/// - Parameters:
///   - steps: Training steps, falling.
///   - values: A value a step.
///   - threshold: What the value reaches.
/// - Returns: The two steps, or nil where the value begins at the threshold or never reaches it.
public func crossingBracket(steps: [Int], values: [Double], threshold: Double) -> ClosedRange<Int>? {
  precondition(
    steps.count == values.count && zip(steps, steps.dropFirst()).allSatisfy(>), "falling steps, a value each")
  guard let first = values.firstIndex(where: { $0 >= threshold }), first > 0 else { return nil }
  return steps[first]...steps[first - 1]
}

/// The place between two steps at which a straight line through their values has a value.
private func interpolated(
  _ low: Int, _ atLow: Double, _ high: Int, _ atHigh: Double, _ threshold: Double
) -> Double {
  guard atLow > atHigh else { return Double(low + high) / 2 }
  return Double(low) + Double(high - low) * (atLow - threshold) / (atLow - atHigh)
}
