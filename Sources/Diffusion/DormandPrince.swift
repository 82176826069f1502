import Foundation
import Tensors

/// A state of several rows and one accumulated number a row, `d x / d s = f(s, x)` and `d q / d s = g(s, x)`.
struct FlowState {
  var x: Tensor
  var q: [Double]
}

/// The embedded Runge-Kutta method of order five with an estimate of order four (Dormand and Prince 1980), with steps that adapt.
///
/// A step is taken if for every row the estimated error, in the root of the mean of its squares, is below
/// `tolerance (1 + |x|)`, and that of `q` below `tolerance` for each value of the row. The rows of a batch share their
/// steps: a row's result depends on the others within the tolerance.
struct DormandPrince {
  /// The relative and absolute tolerance of a step.
  var tolerance: Double
  /// The most steps, tried ones among them.
  var largestSteps = 10_000

  typealias Derivative = (_ s: Double, _ x: Tensor) throws -> FlowState

  private static let nodes: [Double] = [0, 1.0 / 5, 3.0 / 10, 4.0 / 5, 8.0 / 9, 1, 1]
  private static let stages: [[Double]] = [
    [], [1.0 / 5], [3.0 / 40, 9.0 / 40], [44.0 / 45, -56.0 / 15, 32.0 / 9],
    [19372.0 / 6561, -25360.0 / 2187, 64448.0 / 6561, -212.0 / 729],
    [9017.0 / 3168, -355.0 / 33, 46732.0 / 5247, 49.0 / 176, -5103.0 / 18656],
    [35.0 / 384, 0, 500.0 / 1113, 125.0 / 192, -2187.0 / 6784, 11.0 / 84],
  ]
  /// The fifth order's weights less the fourth's.
  private static let differences: [Double] = [
    71.0 / 57600, 0, -71.0 / 16695, 71.0 / 1920, -17253.0 / 339200, 22.0 / 525, -1.0 / 40,
  ]

  /// Integrates from one end to a later one.
  ///
  /// - Parameters:
  ///   - state: The state at the beginning.
  ///   - range: Both ends.
  ///   - derivative: `f` and `g`, in a state of their own.
  ///   - shouldStop: Asked with the part that is done, 0 to 1, before every step.
  /// - Returns: The state at the end, or nil if it was stopped.
  /// - Throws: ``LikelihoodError`` if steps become too many or values are not finite, or what `derivative` throws.
  func integrate(
    _ state: FlowState, over range: ClosedRange<Double>, shouldStop: (Double) -> Bool, derivative: Derivative
  ) throws -> FlowState? {
    var (state, s) = (state, range.lowerBound)
    let span = range.upperBound - range.lowerBound
    var step = span / 50
    var first = try derivative(s, state.x)
    for _ in 0..<largestSteps {
      if s >= range.upperBound { return state }
      if shouldStop((s - range.lowerBound) / span) { return nil }
      let isLast = s + step * (1 + 1e-9) >= range.upperBound
      let length = isLast ? range.upperBound - s : step
      var slopes = [first]
      var end = state
      for stage in 1..<7 {
        end = Self.combined(state, slopes, Self.stages[stage], times: length)
        slopes.append(try derivative(s + Self.nodes[stage] * length, end.x))
      }
      let error = try self.error(from: state, to: end, slopes, length)
      guard error.isFinite else { throw LikelihoodError.notFinite }
      if error <= 1 {
        (state, first) = (end, slopes[6])
        s = isLast ? range.upperBound : s + length
      }
      step = length * min(10, max(0.2, 0.9 * pow(max(error, 1e-10), -0.2)))
    }
    throw LikelihoodError.tooManySteps(largestSteps)
  }

  private static func combined(
    _ state: FlowState, _ slopes: [FlowState], _ weights: [Double], times length: Double
  ) -> FlowState {
    FlowState(
      x: .combination([(1, state.x)] + terms(slopes, weights, times: length)),
      q: state.q.indices.map { state.q[$0] + sum(slopes, weights, row: $0, times: length) })
  }

  private static func terms(
    _ slopes: [FlowState], _ weights: [Double], times length: Double
  ) -> [(Double, Tensor)] {
    zip(weights, slopes).map { (length * $0, $1.x) }
  }

  /// The combination of the slopes of a row's accumulated number.
  private static func sum(_ slopes: [FlowState], _ weights: [Double], row: Int, times length: Double) -> Double {
    var sum = 0.0
    for (weight, slope) in zip(weights, slopes) { sum += weight * slope.q[row] }
    return length * sum
  }

  /// The largest error of a row in units of what is allowed.
  private func error(
    from state: FlowState, to end: FlowState, _ slopes: [FlowState], _ length: Double
  ) throws -> Double {
    let size = Double(state.x.count / state.x.rows)
    let difference = Tensor.combination(Self.terms(slopes, Self.differences, times: length))
    let rows = try [difference, state.x, end.x].map { tensor in
      try tensor.rowSquares().values().map { (Double($0) / size).squareRoot() }
    }
    var largest = 0.0
    for row in state.q.indices {
      let allowed = tolerance * (1 + max(rows[1][row], rows[2][row]))
      let accumulated = abs(Self.sum(slopes, Self.differences, row: row, times: length))
      for error in [rows[0][row] / allowed, accumulated / (tolerance * size)] {
        // What is not a number must not be lost among numbers.
        guard !error.isNaN else { return .nan }
        largest = max(largest, error)
      }
    }
    return largest
  }
}
