public import Diffusion

extension OrderParameter {
  /// Finds the fixed point `y = F(y)` near a state, such as that of the level above, in units of the clean data.
  ///
  /// Picard's iteration, which converges by the factor `M_1` a step, then Newton's method; near `M_1 = 1` a residual is left.
  ///
  /// - Parameters:
  ///   - start: Where to begin.
  ///   - level: A level with noise.
  ///   - picard: Iterations before Newton's method.
  ///   - newton: The most steps of Newton's method.
  ///   - tolerance: The residual at which to end.
  public func fixedPoint(
    from start: [Double], _ level: NoiseLevel, picard: Int = 8, newton: Int = 2, tolerance: Double = 1e-5
  ) throws -> FixedPointEstimate {
    let search = FixedPointSearch(
      change: { y in zip(try denoisedMean(at: y, level), y).map { $0 - $1 } },
      derivative: { try derivative(at: $0, along: $1, level) }, products: settings.products)
    return try search.run(from: start, picard: picard, newton: newton, tolerance: tolerance)
  }
}
