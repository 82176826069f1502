import HostMath

/// A point on a curve of fixed points.
struct CurvePoint {
  /// The state in units of the scale.
  var y: [Double]
  var theta: Double
  /// The unit tangent, `theta` last.
  var tangent: [Double]
  var unstableDirections: Int

  /// The rate of `theta` along the curve; zero where the curve turns back.
  var thetaRate: Double { tangent[tangent.count - 1] }
}

/// Pseudo-arclength continuation: follows a curve of fixed points through its folds.
///
/// Keller (1977): a step along the tangent, then Newton's method at right angles to it, so that a curve which turns back
/// in `theta` is as good as any other. The step adapts to the curve's bend.
struct BranchTracer {
  let equation: FixedPointEquation
  let range: ClosedRange<Double>
  /// The longest step, in units of the scale and of `theta`.
  var longestStep = 0.02
  /// Where a curve that does not end is given up.
  var mostSteps = 5000

  /// The curve through a fixed point from one end of the range to another, or round to where it began.
  func curve(through y: [Double], _ theta: Double) -> [CurvePoint] {
    let aim = [Double](repeating: 0, count: y.count) + [1]
    guard let tangent = tangent(y, theta, along: aim) else { return [] }
    let start = point(y, theta, tangent)
    let (forward, closes) = trace(from: start)
    guard !closes else { return forward }
    let backward = trace(from: point(y, theta, tangent.map { -$0 })).points.dropFirst().reversed().map { point in
      CurvePoint(
        y: point.y, theta: point.theta, tangent: point.tangent.map { -$0 },
        unstableDirections: point.unstableDirections)
    }
    return backward + forward
  }

  private func point(_ y: [Double], _ theta: Double, _ tangent: [Double]) -> CurvePoint {
    CurvePoint(y: y, theta: theta, tangent: tangent, unstableDirections: equation.unstableDirections(y, theta))
  }

  private func trace(from start: CurvePoint) -> (points: [CurvePoint], closes: Bool) {
    var points = [start], step = longestStep / 4
    while points.count < mostSteps {
      let last = points[points.count - 1]
      guard let (next, corrections) = self.step(from: last, by: step), product(last.tangent, next.tangent) > 0.95 else {
        step /= 2
        guard step > 1e-9 else { break }
        continue
      }
      guard range.contains(next.theta) else {
        if let end = end(between: last, next) { points.append(end) }
        break
      }
      points.append(next)
      if points.count > 4, abs(next.theta - start.theta) < step,
        squaredDistance(next.y, start.y) < step * step, product(next.tangent, start.tangent) > 0.95
      {
        return (points + [start], true)
      }
      if corrections <= 3, product(last.tangent, next.tangent) > 0.995 { step = min(longestStep, 1.5 * step) }
    }
    return (points, false)
  }

  /// The point a step further along the curve, and how often it was corrected; nil where that does not converge.
  func step(from point: CurvePoint, by length: Double) -> (point: CurvePoint, corrections: Int)? {
    let count = point.y.count, goal = zip(point.y + [point.theta], point.tangent).map { $0 + length * $1 }
    var (y, theta) = (Array(goal[..<count]), goal[count])
    for correction in 1...8 {
      guard theta > 0, theta < 1 else { return nil }
      let residual = equation.residual(y, theta), slope = equation.slope(y, theta)
      let rows = zip(equation.rows(equation.jacobian(y, theta)), slope).map { $0 + [$1] } + [point.tangent]
      let off = product(point.tangent, zip(y + [theta], goal).map { $0 - $1 })
      guard let change = solution(of: rows, residual + [off]) else { return nil }
      y = zip(y, change).map { $0 - $1 }
      theta -= change[count]
      guard product(change, change) > 1e-22 else {
        guard theta > 0, theta < 1, let tangent = tangent(y, theta, along: point.tangent) else { return nil }
        return (self.point(y, theta, tangent), correction)
      }
    }
    return nil
  }

  /// The point where the curve leaves the range.
  private func end(between inside: CurvePoint, _ outside: CurvePoint) -> CurvePoint? {
    let bound = outside.theta > range.upperBound ? range.upperBound : range.lowerBound
    let part = (bound - inside.theta) / (outside.theta - inside.theta)
    let guess = zip(inside.y, outside.y).map { $0 + part * ($1 - $0) }
    return equation.solution(near: guess, at: bound).map { point($0, bound, outside.tangent) }
  }

  /// The unit tangent on the side of `direction`.
  private func tangent(_ y: [Double], _ theta: Double, along direction: [Double]) -> [Double]? {
    let slope = equation.slope(y, theta)
    let rows = zip(equation.rows(equation.jacobian(y, theta)), slope).map { $0 + [$1] } + [direction]
    let right = [Double](repeating: 0, count: y.count) + [1]
    return solution(of: rows, right).map { found in
      let length = product(found, found).squareRoot()
      return found.map { $0 / length }
    }
  }
}
