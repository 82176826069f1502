/// Compares results with the oracle's.
package enum Comparison {
  /// What is wrong with `values`, or nil if nothing is.
  ///
  /// Counts come first, then the places of NaN and of the infinities, which must be identical, then both measures of
  /// ``Tolerance`` over the finite values.
  package static func fault(in values: [Float], expected: [Float], tolerance: Tolerance) -> String? {
    guard values.count == expected.count else { return "\(values.count) values instead of \(expected.count)" }
    var worst = (index: 0, error: -1.0)
    var (largest, squares, squaredErrors) = (0.0, 0.0, 0.0)
    for (index, (value, wanted)) in zip(values, expected).enumerated() {
      guard value.isFinite && wanted.isFinite else {
        if value == wanted || (value.isNaN && wanted.isNaN) { continue }
        return "at index \(index): \(value) instead of \(wanted)"
      }
      let error = abs(Double(value) - Double(wanted))
      if error > worst.error { worst = (index, error) }
      largest = max(largest, abs(Double(wanted)))
      squares += Double(wanted) * Double(wanted)
      squaredErrors += error * error
    }
    let scale = tolerance.isAbsolute ? 1 : largest
    // Multiplied out, so that a division by zero cannot hide an error.
    let isClose = worst.error <= tolerance.bound * scale
    let isCloseInTheMean = tolerance.isAbsolute || squaredErrors <= tolerance.bound * tolerance.bound * squares
    if isClose && isCloseInTheMean { return nil }
    let measure =
      isClose
      ? "root of the normalised mean-square error \(short((squaredErrors / squares).squareRoot()))"
      : tolerance.isAbsolute
        ? "error \(short(worst.error))" : "error \(short(worst.error / scale)) of the largest value"
    return """
      \(measure), allowed are \(short(tolerance.bound)) (\(tolerance.reason)); worst at index \(worst.index): \
      \(values[worst.index]) instead of \(expected[worst.index])
      """
  }

  /// The first place where two runs differ in a bit.
  package static func difference(_ first: [Float], _ second: [Float]) -> String? {
    guard first.count == second.count else { return "\(first.count) values, then \(second.count)" }
    for (index, (one, other)) in zip(first, second).enumerated() where one.bitPattern != other.bitPattern {
      // The payload of a NaN is nobody's promise.
      if one.isNaN && other.isNaN { continue }
      return "at index \(index): \(one), then \(other)"
    }
    return nil
  }

  /// Three digits.
  private static func short(_ value: Double) -> String {
    guard value.isFinite, value != 0 else { return "\(value)" }
    var (digits, exponent) = (value, 0)
    while abs(digits) >= 10 { (digits, exponent) = (digits / 10, exponent + 1) }
    while abs(digits) < 1 { (digits, exponent) = (digits * 10, exponent - 1) }
    let rounded = (digits * 100).rounded() / 100
    return exponent == 0 ? "\(rounded)" : "\(rounded)e\(exponent)"
  }
}
