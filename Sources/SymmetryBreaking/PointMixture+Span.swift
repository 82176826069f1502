/// The space that the points of a mixture span, and the mixture in coordinates of that space.
///
/// All fixed points lie in it, and what is at right angles to it is the same Gaussian for every point, so that nothing of
/// the mathematics needs more coordinates than there are points.
public struct MixtureSpan: Sendable, Hashable {
  /// Orthonormal directions, one a row.
  public let basis: [[Double]]
  /// The mixture in coordinates of ``basis``.
  public let mixture: PointMixture

  /// The span of a mixture's points, by Gram and Schmidt's method from the point that is farthest out.
  ///
  /// Cost `K D r` for `K` points of `D` values that span `r` dimensions; what is below `1e-12` of the largest norm counts
  /// as rounding.
  public init(of world: PointMixture) {
    var rests = world.points, basis: [[Double]] = []
    let largest = world.points.map { product($0, $0) }.max() ?? 0
    while basis.count < min(world.points.count, world.dimension),
      let farthest = rests.max(by: { product($0, $0) < product($1, $1) }), product(farthest, farthest) > 1e-24 * largest
    {
      // Twice, since what is left of a point may be small beside what was taken from it.
      let direction = basis.reduce(farthest) { rest, known in without(known, rest) }
      let length = product(direction, direction).squareRoot(), unit = direction.map { $0 / length }
      basis.append(unit)
      rests = rests.map { without(unit, $0) }
    }
    if basis.isEmpty { basis = [(0..<world.dimension).map { $0 == 0 ? 1 : 0 }] }
    self.basis = basis
    mixture = PointMixture(
      points: world.points.map { point in basis.map { product($0, point) } }, weights: world.weights,
      variance: world.variance)
  }

  /// The state with given coordinates.
  public func state(_ coordinates: [Double]) -> [Double] {
    basis[0].indices.map { axis in zip(coordinates, basis).reduce(0) { $0 + $1.0 * $1.1[axis] } }
  }
}

/// A vector less its part along a unit vector.
private func without(_ unit: [Double], _ vector: [Double]) -> [Double] {
  let part = product(unit, vector)
  return zip(vector, unit).map { $0 - part * $1 }
}
