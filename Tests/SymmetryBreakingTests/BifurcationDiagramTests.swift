import HostMath
import Foundation
import SymmetryBreaking
import Testing

/// The reference values are roots of the equations by SciPy's `fsolve`, and those of the paper's notebook.
@Suite("Bifurcation diagrams")
struct BifurcationDiagramTests {
  private func diagram(
    _ points: [[Double]], _ weights: [Double]? = nil, variance: Double = 0, over range: ClosedRange<Double> = 0.3...0.96
  ) throws -> BifurcationDiagram {
    try #require(
      BifurcationDiagram(of: PointMixture(points: points, weights: weights, variance: variance), over: range))
  }

  /// The coordinates of the stable fixed points at a level, rising.
  private func attractors(_ diagram: BifurcationDiagram, _ theta: Double) -> [Double] {
    diagram.fixedPoints(at: theta).filter(\.isStable).map { $0.x[0] }.sorted()
  }

  @Test("two equal points split by a pitchfork at the critical theta, and the arms are those of the closed form")
  func pitchfork() throws {
    let diagram = try diagram([[1], [-1]])
    #expect(diagram.splits.count == 1 && diagram.isComplete)
    let split = try #require(diagram.splits.first)
    #expect(split.kind == .pitchfork && split.gap == 0 && split.children.count == 2)
    #expect(abs(split.theta - TwoPointModel().criticalTheta) < 1e-8 && abs(split.x[0]) < 1e-6)
    let parent = try #require(split.parent)
    #expect(diagram.branches[parent].isStable && diagram.branches[parent].points.last?.theta == split.theta)
    for theta in [0.7, 0.8, 0.95] {
      let found = diagram.fixedPoints(at: theta), arm = TwoPointModel().branch(theta: theta)
      #expect(found.count == 3 && found.filter(\.isStable).count == 2)
      let ends = attractors(diagram, theta)
      #expect(ends.count == 2 && abs(ends[0] + arm) < 1e-3 && abs(ends[1] - arm) < 1e-3)
    }
    #expect(diagram.fixedPoints(at: 0.5).count == 1)
  }

  @Test("every point of a branch solves the equation of the fixed points, and its stability is that of the Hessian")
  func solves() throws {
    let world = PointMixture(points: [[1], [-1]], weights: [0.8, 0.2])
    let diagram = try #require(BifurcationDiagram(of: world, over: 0.3...0.96))
    for branch in diagram.branches {
      for point in branch.points {
        let gradient = world.potentialGradient(point.x, theta: point.theta)[0]
        #expect(abs(gradient) * (1 - point.theta * point.theta) < 1e-7)
        guard point.kind == .regular else { continue }
        let curvature = world.potentialHessian(point.x, theta: point.theta).elements[0]
        #expect((curvature > 0) == branch.isStable)
      }
    }
  }

  @Test(
    "with unequal weights the second attractor is born by a fold, apart from the first",
    arguments: [(0.8, 0.8040226, -0.7241711), (0.6, 0.7304271, -0.5468995), (0.55, 0.7014798, -0.4508707)])
  func fold(share: Double, theta: Double, x: Double) throws {
    let diagram = try diagram([[1], [-1]], [share, 1 - share])
    let split = try #require(diagram.splits.first)
    #expect(diagram.splits.count == 1 && split.kind == .imperfectPitchfork)
    #expect(abs(split.theta - theta) < 1e-6 && abs(split.x[0] - x) < 1e-5)
    let parent = try #require(split.parent)
    // The first attractor begins with the range and goes on to its end.
    let points = diagram.branches[parent].points
    #expect(
      points[0].theta == 0.3 && points[points.count - 1].theta == 0.96 && points.allSatisfy { $0.kind == .regular })
    #expect(split.gap > 1 && split.children.count == 1)
    let folds = diagram.branches.flatMap(\.points).filter { $0.kind == .fold }
    #expect(folds.count == 2 && folds.allSatisfy { abs($0.theta - theta) < 1e-6 })
  }

  /// The levels of the search lie at other places beside the fold for every range, and at times between it and the next point.
  @Test(
    "whatever the range, every fixed point is followed once", arguments: Array(stride(from: 0.9, to: 0.97, by: 0.01)))
  func once(last: Double) throws {
    for (share, low) in [(0.6, 0.3), (0.8, 0.5)] {
      let diagram = try diagram([[1], [-1]], [share, 1 - share], over: low...last)
      #expect(diagram.branches.count == 3 && diagram.splits.count == 1)
      #expect(diagram.branches.flatMap(\.points).allSatisfy { (low...last).contains($0.theta) })
    }
  }

  @Test("a product of two pairs splits twice, each at its own pair's critical theta")
  func product() throws {
    let diagram = try diagram([[2, 0.6], [2, -0.6], [-2, 0.6], [-2, -0.6]])
    let splits = diagram.splits
    #expect(splits.count == 3 && splits.allSatisfy { $0.kind == .pitchfork && $0.children.count == 2 })
    #expect(abs(splits[0].theta - 0.3508641) < 1e-6 && splits[0].x.allSatisfy { abs($0) < 1e-5 })
    for split in splits.dropFirst() {
      #expect(abs(split.theta - 0.8383474) < 1e-6 && abs(abs(split.x[0]) - 2 * 2 * 0.8383474 / 1.7028263) < 1e-3)
      // The tree: the children of the first split are the parents of the second ones.
      #expect(splits[0].children.contains(try #require(split.parent)))
    }
    let last = diagram.fixedPoints(at: 0.95)
    #expect([0, 1, 2].map { unstable in last.count { $0.unstableDirections == unstable } } == [4, 4, 1])
  }

  @Test("three points around the origin are born by folds before the centre gives way, which is no pitchfork")
  func triangle() throws {
    let half = 0.75.squareRoot()
    let diagram = try diagram([[1, 0], [-0.5, half], [-0.5, -half]])
    let folds = diagram.splits.filter { $0.kind == .imperfectPitchfork }
    #expect(folds.count == 3 && folds.allSatisfy { abs($0.theta - folds[0].theta) < 1e-6 && $0.gap > 0.05 })
    #expect(Set(folds.map(\.parent)).count == 1)
    // The covariance is half the identity.
    let centre = ((1 + 0.25).squareRoot() - 0.5).squareRoot()
    let end = try #require(diagram.splits.last)
    #expect(end.kind == .transcritical && abs(end.theta - centre) < 1e-5 && folds[0].theta < centre)
  }

  @Test("a mixture in more dimensions than points has the diagram of its span")
  func span() throws {
    let flat = try diagram([[1], [-1]], [0.8, 0.2])
    let tilted = try diagram([[0.6, 0, 0.8, 0], [-0.6, 0, -0.8, 0]], [0.8, 0.2])
    let (one, other) = (try #require(flat.splits.first), try #require(tilted.splits.first))
    #expect(abs(one.theta - other.theta) < 1e-9)
    #expect(zip(other.x, [0.6, 0, 0.8, 0]).allSatisfy { abs($0 - one.x[0] * $1) < 1e-7 })
  }

  @Test("Gaussians around two points split where the drift's criterion has their variance in it")
  func variance() throws {
    // At the centre the largest eigenvalue is 4 + .3 along the points.
    let diagram = try diagram([[2], [-2]], variance: 0.3)
    let split = try #require(diagram.splits.first)
    let expected = ((1 + 4.3 * 4.3).squareRoot() - 4.3).squareRoot()
    let world = PointMixture(points: [[2], [-2]], variance: 0.3)
    #expect(abs(world.potentialHessian([0], theta: split.theta).elements[0]) < 1e-6)
    #expect(split.theta > expected, "a Gaussian's part of the variance is undone by its own spread")
    #expect(BifurcationDiagram.lastTheta(of: PointMixture(points: [[1], [-1]], variance: 5)) < 0.5)
  }

  @Test("a search that is told to stop gives nothing")
  func stops() {
    #expect(BifurcationDiagram(of: .twoPoints, progress: { done, _ in done < 1 }) == nil)
  }
}
