import HostMath

/// What happens along a curve of fixed points: where it turns back, and where its stability changes.
struct BranchEvents {
  let tracer: BranchTracer

  private var equation: FixedPointEquation { tracer.equation }

  /// The curve cut where it turns back or changes its stability, each piece with `theta` rising and its ends named.
  func pieces(of curve: [CurvePoint]) -> [FixedPointBranch] {
    guard let first = curve.first else { return [] }
    var pieces: [[FixedPoint]] = [[fixedPoint(first)]]
    for (before, after) in zip(curve, curve.dropFirst()) {
      for event in events(from: before, to: after) {
        var event = event
        event.unstableDirections = min(event.unstableDirections, before.unstableDirections)
        pieces[pieces.count - 1].append(event)
        pieces.append([event])
      }
      pieces[pieces.count - 1].append(fixedPoint(after))
    }
    return pieces.filter { $0.count > 1 }.map { points in
      FixedPointBranch(points: points[0].theta <= points[points.count - 1].theta ? points : points.reversed())
    }
  }

  private func fixedPoint(_ point: CurvePoint, _ kind: FixedPoint.Kind = .regular) -> FixedPoint {
    FixedPoint(
      theta: point.theta, x: point.y.map { equation.scale * $0 }, unstableDirections: point.unstableDirections,
      kind: kind)
  }

  private func events(from before: CurvePoint, to after: CurvePoint) -> [FixedPoint] {
    if before.thetaRate * after.thetaRate < 0 { return [turn(from: before, to: after)] }
    guard before.unstableDirections != after.unstableDirections else { return [] }
    return crossings(
      from: (before.y, before.theta, before.unstableDirections), to: (after.y, after.theta, after.unstableDirections))
  }

  /// Where the curve turns back: a fold if one direction loses its stability there; if none does, the curve passes from
  /// one arm of a pitchfork to the other.
  private func turn(from before: CurvePoint, to after: CurvePoint) -> FixedPoint {
    let difference = zip(after.y + [after.theta], before.y + [before.theta]).map { $0 - $1 }
    var low = 0.0, high = product(difference, before.tangent), best = before
    while high - low > 1e-13 {
      // At a pitchfork itself the equations are singular, and by symmetry it lies in the middle of many a step.
      let found = [0.382, 0.618].lazy.compactMap { part -> (length: Double, point: CurvePoint)? in
        let length = low + part * (high - low)
        return tracer.step(from: before, by: length).map { (length, $0.point) }
      }.first { product($0.point.tangent, before.tangent) > 0 }
      guard let found else { break }
      best = found.point
      if best.thetaRate * before.thetaRate > 0 { low = found.length } else { high = found.length }
    }
    return fixedPoint(best, before.unstableDirections == after.unstableDirections ? .pitchfork : .fold)
  }

  private typealias Place = (y: [Double], theta: Double, unstable: Int)

  /// Where stability changes while `theta` goes on, by bisection in `theta`; directions that change one after the other are
  /// told apart.
  private func crossings(from before: Place, to after: Place) -> [FixedPoint] {
    var low = before, high = after
    for _ in 0..<48 {
      let middle = (low.theta + high.theta) / 2
      guard middle != low.theta, middle != high.theta, let found = place(at: middle, low, high) else { break }
      if found.unstable == before.unstable { low = found } else { high = found }
    }
    let event = FixedPoint(
      theta: (low.theta + high.theta) / 2, x: high.y.map { equation.scale * $0 },
      unstableDirections: min(low.unstable, high.unstable), kind: kind(high.y, high.theta, from: before.unstable))
    // The next change is looked for a little further on, where this one's rounding is over.
    let further = high.theta + 1e-4 * (after.theta - high.theta)
    guard let next = place(at: further, high, after), next.unstable != after.unstable else { return [event] }
    return [event] + crossings(from: next, to: after)
  }

  private func place(at theta: Double, _ low: Place, _ high: Place) -> Place? {
    let part = (theta - low.theta) / (high.theta - low.theta)
    let guess = zip(low.y, high.y).map { $0 + part * ($1 - $0) }
    // Next to the point itself rounding may move a solution along the flat direction, but never far.
    guard let y = equation.solution(near: guess, at: theta), squaredDistance(y, guess) < 1e-4 else { return nil }
    return (y, theta, equation.unstableDirections(y, theta))
  }

  /// A pitchfork where the potential has no third derivative along the flat directions, else transcritical.
  private func kind(_ y: [Double], _ theta: Double, from before: Int) -> FixedPoint.Kind {
    let eigen = equation.jacobian(y, theta).eigendecomposition(), order = y.count
    let flat = eigen.values.indices.filter { abs(eigen.values[$0]) < 1e-5 }
      .map { Array(eigen.vectors[$0 * order..<($0 + 1) * order]) }
    var directions = flat
    for (place, one) in flat.enumerated() {
      for other in flat[..<place] {
        directions += [zip(one, other).map { ($0 + $1) / 2.0.squareRoot() }]
        directions += [zip(one, other).map { ($0 - $1) / 2.0.squareRoot() }]
      }
    }
    let isEven = directions.allSatisfy { abs(thirdDerivative(y, theta, along: $0)) < 1e-4 }
    return isEven ? .pitchfork : .transcritical
  }

  private func thirdDerivative(_ y: [Double], _ theta: Double, along direction: [Double]) -> Double {
    let step = 1e-3
    let curvatures = [step, -step].map { step in
      let rows = equation.rows(equation.jacobian(zip(y, direction).map { $0 + step * $1 }, theta))
      return product(direction, rows.map { product($0, direction) })
    }
    return (curvatures[0] - curvatures[1]) / (2 * step)
  }
}
