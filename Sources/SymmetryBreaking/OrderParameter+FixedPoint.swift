public import Diffusion

extension OrderParameter {
  /// A state that the average estimate leaves where it is, as nearly as it was found.
  public struct FixedPoint: Sendable, Hashable {
    /// The state, in units of the clean data.
    public let point: [Double]
    /// The root of the mean square of `F(y) - y`.
    public let residual: Double
    /// Steps of Newton's method that were taken.
    public let newtonSteps: Int
  }

  /// Finds the fixed point `y = F(y)` near a state, such as that of the level above.
  ///
  /// Picard's iteration `y <- F(y)` converges by the factor `M_1` a step. Where that is slow, Newton's method follows, each of
  /// whose steps solves `(I - A) d = F(y) - y` in a Krylov space and is halved until the residual falls. What is left is reported,
  /// not hidden: near `M_1 = 1` no method has much to hold on to.
  ///
  /// - Parameters:
  ///   - start: Where to begin.
  ///   - level: A level with noise.
  ///   - picard: Iterations before Newton's method.
  ///   - newton: The most steps of Newton's method.
  ///   - tolerance: The residual at which to end.
  public func fixedPoint(
    from start: [Double], _ level: NoiseLevel, picard: Int = 8, newton: Int = 2, tolerance: Double = 1e-5
  ) throws -> FixedPoint {
    var y = start
    var change = try deviation(at: y, level)
    for _ in 0..<picard where rootMeanSquare(change) > tolerance {
      for index in y.indices { y[index] += change[index] }
      change = try deviation(at: y, level)
    }
    var steps = 0
    while steps < newton, rootMeanSquare(change) > tolerance {
      let space = try KrylovSpace(from: change, products: settings.products) {
        try derivative(at: y, along: $0, level)
      }
      guard let next = try improved(y, change, by: space.solution(), level) else { break }
      (y, change) = next
      steps += 1
    }
    return FixedPoint(point: y, residual: rootMeanSquare(change), newtonSteps: steps)
  }

  /// The state after a step or a part of it that lowers the residual, or nil if none of four does.
  private func improved(
    _ y: [Double], _ change: [Double], by step: [Double], _ level: NoiseLevel
  ) throws -> (y: [Double], change: [Double])? {
    for part in [1, 0.5, 0.25, 0.125] {
      let candidate = zip(y, step).map { $0 + part * $1 }
      let left = try deviation(at: candidate, level)
      if length(of: left) < length(of: change) { return (candidate, left) }
    }
    return nil
  }

  private func deviation(at y: [Double], _ level: NoiseLevel) throws -> [Double] {
    zip(try denoisedMean(at: y, level), y).map { $0 - $1 }
  }
}

/// The root of the mean square of a vector's values.
private func rootMeanSquare(_ vector: [Double]) -> Double {
  (product(vector, vector) / Double(max(1, vector.count))).squareRoot()
}
