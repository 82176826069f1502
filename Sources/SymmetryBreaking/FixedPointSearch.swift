/// A state that a map leaves where it is, as nearly as it was found.
public struct FixedPointEstimate: Sendable, Hashable {
  /// The state.
  public let point: [Double]
  /// The root of the mean square by which the map moves it.
  public let residual: Double
  /// Steps of Newton's method that were taken.
  public let newtonSteps: Int
}

/// The search for a fixed point `y = F(y)` of a map of many values, by Picard's iteration and Newton's method.
///
/// Picard's iteration `y <- F(y)` converges by the largest eigenvalue of the derivative `A` a step. Newton's method follows, each of
/// whose steps solves `(I - A) d = F(y) - y` in a Krylov space and is halved until the residual falls. What is left is reported, not
/// hidden: near an eigenvalue of 1 no method has much to hold on to.
struct FixedPointSearch {
  /// `F(y) - y`.
  let change: (_ y: [Double]) throws -> [Double]
  /// The product of `A` at `y` with a vector of unit length.
  let derivative: (_ y: [Double], _ direction: [Double]) throws -> [Double]
  /// The most products of a step of Newton's method.
  let products: Int

  /// Searches from a state on.
  ///
  /// - Parameters:
  ///   - start: Where to begin.
  ///   - picard: Iterations before Newton's method.
  ///   - newton: The most steps of Newton's method.
  ///   - tolerance: The residual at which to end.
  func run(
    from start: [Double], picard: Int, newton: Int, tolerance: Double
  ) throws -> FixedPointEstimate {
    var y = start, change = try change(y), steps = 0
    for _ in 0..<picard where rootMeanSquare(change) > tolerance {
      for index in y.indices { y[index] += change[index] }
      change = try self.change(y)
    }
    while steps < newton, rootMeanSquare(change) > tolerance {
      let space = try KrylovSpace(from: change, products: products) { try derivative(y, $0) }
      guard let next = try improved(y, change, by: space.solution()) else { break }
      (y, change) = next
      steps += 1
    }
    return FixedPointEstimate(point: y, residual: rootMeanSquare(change), newtonSteps: steps)
  }

  /// The state after a step or a part of it that lowers the residual, or nil if none of four does.
  private func improved(
    _ y: [Double], _ change: [Double], by step: [Double]
  ) throws -> (y: [Double], change: [Double])? {
    for part in [1, 0.5, 0.25, 0.125] {
      let candidate = zip(y, step).map { $0 + part * $1 }
      let left = try self.change(candidate)
      if length(of: left) < length(of: change) { return (candidate, left) }
    }
    return nil
  }
}

/// The root of the mean square of a vector's values.
private func rootMeanSquare(_ vector: [Double]) -> Double {
  (product(vector, vector) / Double(max(1, vector.count))).squareRoot()
}
