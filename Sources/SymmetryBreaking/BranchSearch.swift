import HostMath

/// The search for all curves of fixed points.
struct BranchSearch {
  let tracer: BranchTracer
  /// States in units of the scale from which Newton's method starts at every level.
  let guesses: [[Double]]
  /// Levels at which it starts.
  private let levels = BifurcationDiagram.levels
  /// Where the search is given up: points in general position have as many fixed points as subsets.
  private static let mostCurves = 400
  /// Two solutions nearer than this are one.
  private static let tolerance = 1e-5

  private var equation: FixedPointEquation { tracer.equation }

  /// All branches, that which begins at the lowest level first, and whether the search came to its end; nil if told to stop.
  func branches(_ progress: (Int, Int) -> Bool) -> (branches: [FixedPointBranch], isComplete: Bool)? {
    var curves: [[CurvePoint]] = []
    let (low, high) = (tracer.range.lowerBound, tracer.range.upperBound)
    for place in 0..<levels {
      guard progress(place, levels) else { return nil }
      let theta = max(low, high - (high - low) * Double(place) / Double(levels - 1))
      search(at: theta, &curves)
    }
    _ = progress(levels, levels)
    let pieces = BranchEvents(tracer: tracer)
    let branches = curves.flatMap { pieces.pieces(of: $0) }.sorted { a, b in
      (a.points[0].theta, a.unstableDirections) < (b.points[0].theta, b.unstableDirections)
    }
    return (branches, curves.count < Self.mostCurves)
  }

  /// Follows every fixed point at a level that no curve has passed yet.
  private func search(at theta: Double, _ curves: inout [[CurvePoint]]) {
    var known = curves.flatMap { solutions(on: $0, at: theta) }
    var queue = starts(at: theta) + known.flatMap { beside($0, theta) }
    // Attractors come first, since the points stand in front.
    var next = 0
    while next < queue.count, curves.count < Self.mostCurves {
      let start = queue[next]
      next += 1
      guard let found = equation.solution(near: start, at: theta), product(found, found) < 100,
        !known.contains(where: { squaredDistance($0, found) < Self.tolerance * Self.tolerance })
      else { continue }
      let curve = tracer.curve(through: found, theta)
      curves.append(curve)
      known += [found] + solutions(on: curve, at: theta)
      queue += beside(found, theta)
    }
  }

  /// The fixed points of a curve at a level.
  private func solutions(on curve: [CurvePoint], at theta: Double) -> [[Double]] {
    zip(curve, curve.dropFirst()).flatMap { before, after -> [[Double]] in
      if before.thetaRate * after.thetaRate < 0 { return solutions(besideTurn: before, after, at: theta) }
      guard min(before.theta, after.theta) <= theta, max(before.theta, after.theta) >= theta else { return [] }
      let part = after.theta == before.theta ? 0 : (theta - before.theta) / (after.theta - before.theta)
      let guess = zip(before.y, after.y).map { $0 + part * ($1 - $0) }
      return equation.solution(near: guess, at: theta).map { [$0] } ?? []
    }
  }

  /// Those between two points of which the curve turns back: both ends may lie on one side of a level that it passes twice.
  private func solutions(besideTurn before: CurvePoint, _ after: CurvePoint, at theta: Double) -> [[Double]] {
    let reach = squaredDistance(before.y, after.y) + (before.theta - after.theta) * (before.theta - after.theta)
    return [before, after].compactMap { point in
      equation.solution(near: point.y, at: theta).flatMap { squaredDistance($0, point.y) <= reach ? $0 : nil }
    }
  }

  private func starts(at theta: Double) -> [[Double]] {
    let factor = 2 * theta / (1 + theta * theta)
    let centre = [Double](repeating: 0, count: guesses[0].count)
    return [centre] + guesses.map { $0.map { factor * $0 } } + (centre.count == 1 ? changesOfSign(theta) : [])
  }

  /// Either side of an unstable fixed point along the directions in which the potential falls.
  private func beside(_ y: [Double], _ theta: Double) -> [[Double]] {
    let eigen = equation.jacobian(y, theta).eigendecomposition(), order = y.count
    return eigen.values.indices.filter { eigen.values[$0] < 0 }.flatMap { place in
      let direction = eigen.vectors[place * order..<(place + 1) * order]
      return [-0.5, -0.2, -0.05, 0.05, 0.2, 0.5].map { step in zip(y, direction).map { $0 + step * $1 } }
    }
  }

  /// Between which places of a line the drift changes its sign.
  private func changesOfSign(_ theta: Double) -> [[Double]] {
    let places = (0...1600).map { Double($0 - 800) / 640 }, values = places.map { equation.residual([$0], theta)[0] }
    return places.indices.dropLast().filter { values[$0] * values[$0 + 1] <= 0 }.map {
      [(places[$0] + places[$0 + 1]) / 2]
    }
  }
}
