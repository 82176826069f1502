public import Charts
import Foundation
public import SymmetryBreaking

/// The potential of a world on a line, `u(x) / beta`, less its value at the lowest place of each curve.
///
/// Raya and Ambrogioni (2023), figure 1: one valley before the symmetry breaks, a flat bottom while it does, two after.
public struct LinePotential: Sendable, Hashable {
  /// The places, from beyond the lowest point to beyond the highest.
  public let places: [Double]
  /// The levels.
  public let thetas: [Double]
  /// The potential at each level and place.
  public let curves: [[Double]]

  /// The potential around the first split of a report; nil for worlds of more dimensions.
  public init?(of report: FixedPointReport) {
    let (low, high) = (report.range.lowerBound, report.range.upperBound)
    let critical = report.diagram.splits.first?.theta ?? (low + high) / 2
    self.init(of: report.world, thetas: [(low + critical) / 2, critical, (critical + high) / 2])
  }

  /// The potential at some levels; nil for worlds of more dimensions.
  ///
  /// - Parameters:
  ///   - world: The world.
  ///   - thetas: The levels.
  ///   - count: Places.
  public init?(of world: PointMixture, thetas: [Double], count: Int = 201) {
    let points = world.points.map { $0[0] }
    guard world.dimension == 1, let least = points.min(), let most = points.max() else { return nil }
    let room = 0.4 * max(most - least, abs(most)) + 2 * world.variance.squareRoot()
    let (low, high) = (min(least, 0) - room, max(most, 0) + room)
    let places = (0..<count).map { low + (high - low) * Double($0) / Double(count - 1) }
    self.places = places
    self.thetas = thetas
    curves = thetas.map { theta in
      let values = places.map { world.potential([$0], theta: theta) }, lowest = values.min() ?? 0
      return values.map { $0 - lowest }
    }
  }

  /// One row a place, one column a level.
  public var table: Table {
    let columns = ["x"] + thetas.map { "theta_\(String(format: "%.6f", $0))" }
    return Table(
      title: "Potential", columns: columns.map { .init($0, isNumeric: true) },
      rows: places.indices.map { place in (["\(places[place])"] + curves.map { "\($0[place])" }) })
  }

  /// The curves.
  public var chart: LineChart {
    LineChart(
      title: "Potential on the line",
      description: "The generative potential over the rate, each curve above its lowest place.",
      x: Axis("x"), y: Axis("u / beta", range: 0...3),
      lines: zip(thetas, curves).map { theta, curve in
        LineChart.Line(
          "theta \(String(format: "%.3f", theta))",
          zip(places, curve).map { .init($0, $1 <= 3 ? $1 : .nan) }, hasDots: false)
      })
  }
}
