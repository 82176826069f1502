import HostMath

/// The tree of splits among branches of fixed points.
struct SplitTree {
  let equation: FixedPointEquation
  let branches: [FixedPointBranch]

  /// The splits at which attractors are born or part, `theta` rising.
  var splits: [Split] {
    var splits: [Split] = []
    for (place, branch) in branches.enumerated() where branch.isStable {
      if let split = birth(of: place, branch) ?? end(of: place, branch),
        !splits.contains(where: { isSame($0, split) })
      {
        splits.append(split)
      }
    }
    return splits.sorted { $0.theta < $1.theta }
  }

  private func isSame(_ a: Split, _ b: Split) -> Bool {
    abs(a.theta - b.theta) < 1e-4 && squaredDistance(a.x, b.x) < 1e-4 * equation.scale * equation.scale
  }

  /// How the attractor of a branch came to be; nil for one that the range begins with.
  private func birth(of place: Int, _ branch: FixedPointBranch) -> Split? {
    let event = branch.points[0]
    switch event.kind {
    case .regular: return nil
    case .fold:
      let parent = older(than: place, branch)
      let gap = parent.flatMap { state(of: branches[$0], at: event.theta) }.map {
        squaredDistance($0, event.x).squareRoot()
      }
      return Split(
        theta: event.theta, x: event.x, kind: .imperfectPitchfork, parent: parent, children: [place], gap: gap ?? 0)
    case .pitchfork, .transcritical:
      let parents = neighbours(of: event) { $0.points.last }.filter { branches[$0].isStable }
      // The point's place is taken from the older branch, along which it is no turn and so known best.
      let known = parents.first.flatMap { branches[$0].points.last } ?? event
      return Split(
        theta: known.theta, x: known.x, kind: event.kind == .pitchfork ? .pitchfork : .transcritical,
        parent: parents.first, children: neighbours(of: event) { $0.points.first }.filter { branches[$0].isStable },
        gap: 0)
    }
  }

  /// The end of an attractor that leaves no new ones beside it.
  private func end(of place: Int, _ branch: FixedPointBranch) -> Split? {
    guard let event = branch.points.last, event.kind == .transcritical || event.kind == .pitchfork else { return nil }
    let children = neighbours(of: event) { $0.points.first }.filter { branches[$0].isStable }
    return Split(
      theta: event.theta, x: event.x, kind: event.kind == .pitchfork ? .pitchfork : .transcritical, parent: place,
      children: children, gap: 0)
  }

  /// The branches whose given end is an event.
  private func neighbours(of event: FixedPoint, _ end: (FixedPointBranch) -> FixedPoint?) -> [Int] {
    branches.indices.filter { place in
      guard let point = end(branches[place]), point.kind != .regular else { return false }
      return abs(point.theta - event.theta) < 1e-4
        && squaredDistance(point.x, event.x) < 1e-4 * equation.scale * equation.scale
    }
  }

  /// The attractor on the other side of the saddle that is born with a new one.
  private func older(than place: Int, _ branch: FixedPointBranch) -> Int? {
    let event = branch.points[0]
    let saddles = neighbours(of: event) { $0.points.first }.filter { branches[$0].unstableDirections == 1 }
    guard let saddle = saddles.first, let last = branches[saddle].points.last else { return nil }
    let theta = event.theta + min(0.01, 0.2 * (last.theta - event.theta))
    guard let y = state(of: branches[saddle], at: theta).map(scaled) else { return nil }
    let eigen = equation.jacobian(y, theta).eigendecomposition(), direction = eigen.vectors[..<y.count]
    for side in [-0.03, 0.03] {
      guard let end = equation.attractor(from: zip(y, direction).map { $0 + side * $1 }, at: theta) else { continue }
      let reached = branches.indices.first { other in
        branches[other].isStable
          && (state(of: branches[other], at: theta).map { squaredDistance(scaled($0), end) < 1e-8 } ?? false)
      }
      if let reached, reached != place { return reached }
    }
    return nil
  }

  /// The state of a branch at a level, or nil where it does not reach that.
  private func state(of branch: FixedPointBranch, at theta: Double) -> [Double]? {
    guard let upper = branch.points.firstIndex(where: { $0.theta >= theta }) else { return nil }
    guard upper > 0 else { return branch.points[0].theta == theta ? branch.points[0].x : nil }
    let (low, high) = (branch.points[upper - 1], branch.points[upper])
    let part = high.theta > low.theta ? (theta - low.theta) / (high.theta - low.theta) : 1
    let guess = zip(low.x, high.x).map { $0 + part * ($1 - $0) }
    return equation.solution(near: scaled(guess), at: theta).map { $0.map { $0 * equation.scale } }
  }

  private func scaled(_ x: [Double]) -> [Double] { x.map { $0 / equation.scale } }
}
