public import Charts
public import Files
import Foundation
public import SymmetryBreaking

/// The fixed points of an exact world over a range of `theta`, as documents, tables and pictures.
///
/// | file | holds |
/// |---|---|
/// | `fixed-points.json` | an array of `{"theta", "x", "stable", "kind", "branch"}` |
/// | `fixed-points.csv` | the same, a column a value of the state |
/// | `fixed-points.svg`, `fixed-points-2.svg` | the bifurcation diagram along the first and the second principal direction |
/// | `potential.csv`, `potential.svg` | of a world on a line, the potential before, at and after the first split |
public struct FixedPointReport: Sendable {
  /// What messages call the world.
  public let name: String
  /// The world.
  public let world: PointMixture
  /// Its branches and splits.
  public let diagram: BifurcationDiagram
  /// The range of `theta`.
  public let range: ClosedRange<Double>

  /// The most points of a world: the search grows with the square of their number.
  public static let largestCount = 32

  /// Follows all branches of a world; nil if told to stop.
  ///
  /// - Parameters:
  ///   - world: Points of which at least two differ, at most ``largestCount``.
  ///   - name: What messages call it.
  ///   - range: Of `theta`, within 0 and 1, ends excluded.
  ///   - shouldStop: Is asked between two levels.
  ///   - progress: Is told the levels that were searched, and how many there are.
  /// - Throws: ``StudyError/world(name:fault:)`` if the world has too few points or too many, or the range begins beyond its end.
  public init?(
    of world: PointMixture, name: String, over range: ClosedRange<Double>, shouldStop: () -> Bool = { false },
    progress: (Int, Int) -> Void = { _, _ in }
  ) throws(StudyError) {
    let different = Set(world.points).count, last = BifurcationDiagram.lastTheta(of: world)
    guard different > 1 else {
      throw .world(name: name, fault: "holds one point; of two or more, which differ, a symmetry breaks")
    }
    guard world.points.count <= Self.largestCount else {
      throw .world(name: name, fault: "holds \(world.points.count) points; at most \(Self.largestCount) are followed")
    }
    guard range.lowerBound < last else {
      throw .world(
        name: name,
        fault:
          "with the variance \(world.variance) its centre runs away at theta \(String(format: "%.4f", last)), before "
          + "the range begins")
    }
    let found = BifurcationDiagram(of: world, over: range) { done, count in
      progress(done, count)
      return !shouldStop()
    }
    guard let found else { return nil }
    (self.name, self.world, diagram, self.range) = (name, world, found, range.clamped(to: 0...last))
  }

  /// Writes all files into a folder, which is made.
  ///
  /// - Returns: Their paths.
  public func write(to folder: String) throws(FileError) -> [String] {
    try OutputFile.prepareFolder(folder)
    var files = [("fixed-points.json", points.text + "\n"), ("fixed-points.csv", table.csv)]
    for (place, chart) in charts.enumerated() {
      files.append((place == 0 ? "fixed-points.svg" : "fixed-points-\(place + 1).svg", chart.svg))
    }
    if let potential = LinePotential(of: self) {
      files += [("potential.csv", potential.table.csv), ("potential.svg", potential.chart.svg)]
    }
    var paths: [String] = []
    for (name, text) in files {
      let path = (folder as NSString).appendingPathComponent(name)
      try OutputFile.write(text.utf8, to: path)
      paths.append(path)
    }
    return paths
  }

  /// The document of `fixed-points.json`.
  public var points: JSONValue {
    .array(
      diagram.branches.enumerated().flatMap { branch, points in
        points.points.map { point in
          .object([
            "theta": .number(point.theta), "x": .array(point.x.map { .number($0) }),
            "stable": .boolean(point.isStable && points.isStable), "kind": .string(point.kind.rawValue),
            "branch": .number(Double(branch)),
          ])
        }
      })
  }

  /// One row a point of a branch.
  public var table: Table {
    let columns =
      ["theta", "branch", "stable", "unstable_directions", "kind"] + world.points[0].indices.map { "x\($0 + 1)" }
    return Table(
      title: "Fixed points of \(name)", columns: columns.map { .init($0, isNumeric: $0 != "kind") },
      rows: diagram.branches.enumerated().flatMap { branch, points in
        points.points.map { point in
          let numbers = ["\(point.theta)", "\(branch)", points.isStable ? "1" : "0", "\(points.unstableDirections)"]
          return numbers + [point.kind.rawValue] + point.x.map { "\($0)" }
        }
      })
  }
}
