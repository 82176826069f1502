import Foundation

/// How the steps of a run are spread over the training steps (Lin and others 2024, table 2).
public enum TimestepSpacing: String, Sendable, Hashable, CaseIterable {
  /// Evenly from the last training step to the first, both included.
  case linspace
  /// Multiples of a whole stride from the first step on; the last training step is usually not among them.
  case leading
  /// Multiples of a stride from the last step down; the first step is usually not among them.
  case trailing
  /// Squares of evenly spaced numbers up to four fifths of the training steps (Song, Meng and Ermon 2021, appendix D.2).
  case quadratic

  /// `count` numbers from `start` to `end`, both included, as NumPy's `linspace` rounds them.
  package static func evenlySpaced(from start: Double, to end: Double, count: Int) -> [Double] {
    guard count > 1 else { return [start] }
    let step = (end - start) / Double(count - 1)
    return (0..<count).map { $0 == count - 1 ? end : Double($0) * step + start }
  }

  /// The numbers `start, start - stride, ...` that are greater than zero, as NumPy's `arange` rounds them.
  package static func falling(from start: Double, by stride: Double) -> [Double] {
    let count = max(0, Int((start / stride).rounded(.up)))
    let difference = (start - stride) - start
    return (0..<count).map { start + Double($0) * difference }
  }
}
