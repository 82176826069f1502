/// All fixed points of an exact world over a range of `theta`, and the splits by which its attractors come to be.
///
/// Curves of fixed points are found from many states at many levels and followed through their folds. In one dimension a
/// scan finds all; in more, what neither begins near a point or a mean of points nor beside an unstable fixed point may be
/// missed.
public struct BifurcationDiagram: Sendable, Hashable {
  /// The branches; ``Split`` names them by their place.
  public var branches: [FixedPointBranch]
  /// The splits of attractors, `theta` rising.
  public var splits: [Split]
  /// Whether the search came to its end; it is given up at 400 curves, when unstable points, and late attractors, may be missing.
  public var isComplete: Bool

  /// The levels at which fixed points are looked for; between them they are followed.
  public static let levels = 24

  /// The diagram of a mixture of points, in the points' own coordinates.
  ///
  /// Cost: some hundreds of steps a branch, each of `K r^2 + r^3` for `K` points that span `r` dimensions.
  ///
  /// - Parameters:
  ///   - mixture: At least two points.
  ///   - range: Of `theta`, within 0 and 1, ends excluded. Where every direction has a variance above 2, the range ends
  ///     before `theta^2 = 1 / (variance - 1)`, at which the centre runs away as that of a Gaussian does.
  ///   - progress: Is told the levels that were searched, and how many there are; returns whether to go on.
  /// - Returns: The diagram, or nil if it was told to stop.
  public init?(
    of mixture: PointMixture, over range: ClosedRange<Double> = 0.05...0.99,
    progress: (Int, Int) -> Bool = { _, _ in true }
  ) {
    precondition(range.lowerBound > 0 && range.upperBound < 1, "theta lies between 0 and 1, got \(range)")
    let span = MixtureSpan(of: mixture)
    let range = range.clamped(to: 0...Self.lastTheta(of: mixture))
    let scale = mixture.points.map { product($0, $0) }.max().map { $0 > 0 ? $0.squareRoot() : 1 } ?? 1
    let equation = FixedPointEquation(world: span.mixture, scale: scale)
    let search = BranchSearch(
      tracer: BranchTracer(equation: equation, range: range),
      guesses: Self.guesses(span.mixture.points.map { $0.map { $0 / scale } }))
    guard let (found, isComplete) = search.branches(progress) else { return nil }
    self.isComplete = isComplete
    splits = SplitTree(equation: equation, branches: found).splits.map { split in
      var split = split
      split.x = span.state(split.x)
      return split
    }
    branches = found.map { branch in
      FixedPointBranch(
        points: branch.points.map { point in
          var point = point
          point.x = span.state(point.x)
          return point
        })
    }
  }

  /// The last `theta` that a range may reach: with a variance above 2, where `theta^2` is nine tenths of the critical one.
  public static func lastTheta(of mixture: PointMixture) -> Double {
    mixture.variance > 2 ? (0.9 / (mixture.variance - 1)).squareRoot() : 1 - 1e-9
  }

  /// The fixed points at a level, from the branches that pass it, by linear interpolation between two of their points.
  public func fixedPoints(at theta: Double) -> [FixedPoint] {
    branches.compactMap { branch in
      guard let upper = branch.points.firstIndex(where: { $0.theta >= theta }),
        upper > 0 || branch.points[0].theta == theta
      else { return nil }
      guard upper > 0 else { return branch.points[0] }
      let (low, high) = (branch.points[upper - 1], branch.points[upper])
      let part = high.theta > low.theta ? (theta - low.theta) / (high.theta - low.theta) : 1
      return FixedPoint(
        theta: theta, x: zip(low.x, high.x).map { $0 + part * ($1 - $0) },
        unstableDirections: branch.unstableDirections)
    }
  }

  /// The points, and while they are few the means of any two and of any three.
  private static func guesses(_ points: [[Double]]) -> [[Double]] {
    func mean(_ chosen: [Int]) -> [Double] {
      points[0].indices.map { axis in chosen.reduce(0) { $0 + points[$1][axis] } / Double(chosen.count) }
    }
    var guesses = points
    for first in points.indices where points.count <= 16 {
      for second in 0..<first {
        guesses.append(mean([first, second]))
        if points.count <= 8 { guesses += (0..<second).map { mean([first, second, $0]) } }
      }
    }
    return guesses
  }
}
