public import Charts
public import Files
import Foundation
import SymmetryBreaking

extension FixedPointReport {
  /// What the command prints as JSON: counts, splits, and the criteria that go by the leading variance alone.
  public var json: JSONValue {
    .object([
      "world": .string(name), "points": .number(Double(world.points.count)),
      "dimension": .number(Double(world.dimension)), "branches": .number(Double(diagram.branches.count)),
      "complete": .boolean(diagram.isComplete),
      "theta": .array([.number(range.lowerBound), .number(range.upperBound)]),
      "splits": .array(diagram.splits.map(Self.document)),
      "leading_variance": .number(leadingVariance),
      "criteria": .object(
        Dictionary(uniqueKeysWithValues: CriticalCriterion.allCases.map { ($0.rawValue, Self.number(theta(of: $0))) })),
    ])
  }

  /// The splits, and what the criteria that know only a variance would say.
  public var text: String {
    let splits = diagram.splits.map { split in
      [
        split.kind.rawValue, Self.text(split.theta), Self.text(-log(split.theta)), split.parent.map(String.init) ?? "-",
        split.children.map(String.init).joined(separator: " "), Self.text(split.gap),
        split.x.prefix(4).map { Self.text($0) }.joined(separator: " ") + (split.x.count > 4 ? " ..." : ""),
      ]
    }
    let columns = ["split", "theta", "-log theta", "parent", "children", "gap", "x"].enumerated().map {
      Table.Column($1, isNumeric: (1...5).contains($0))
    }
    let stable = diagram.branches.count(where: \.isStable)
    let head = """
      \(name): \(world.points.count) points, \(diagram.branches.count) branches, \(stable) of them stable, theta \
      \(Self.text(range.lowerBound)) to \(Self.text(range.upperBound))
      """
    let tree =
      splits.isEmpty ? "no split in this range" : Table(title: "", columns: columns, rows: splits).plainText
    let criteria = CriticalCriterion.allCases.map { criterion in
      "\(criterion.rawValue) \(theta(of: criterion).map(Self.text) ?? "never")"
    }
    let variance = "a centred world of leading variance \(Self.text(leadingVariance)) and equal norms, theta"
    return [head, tree, "\(variance): \(criteria.joined(separator: ", "))"].joined(separator: "\n")
  }

  /// The largest eigenvalue of the covariance.
  public var leadingVariance: Double { world.principalDirections.variances[0] }

  /// The `theta` at which a criterion is met in a centred world of equal norms with the same leading variance.
  private func theta(of criterion: CriticalCriterion) -> Double? {
    criterion.alphaBar(leadingVariance: leadingVariance)?.squareRoot()
  }

  private static func document(of split: Split) -> JSONValue {
    .object([
      "theta": .number(split.theta), "time": .number(-log(split.theta)), "kind": .string(split.kind.rawValue),
      "x": .array(split.x.map { .number($0) }), "parent": number(split.parent.map(Double.init)),
      "children": .array(split.children.map { .number(Double($0)) }), "gap": .number(split.gap),
    ])
  }

  private static func number(_ value: Double?) -> JSONValue { value.map { .number($0) } ?? .null }

  private static func text(_ value: Double) -> String { String(format: "%.6f", value) }

  /// The bifurcation diagram along the first principal direction, and along the second where there is one.
  public var charts: [LineChart] {
    let (variances, directions) = world.principalDirections
    let count = min(2, variances.count { $0 > 1e-9 * variances[0] })
    return (0..<count).map { chart(along: directions[$0], name: count == 1 ? "x" : ["first", "second"][$0]) }
  }

  private func chart(along direction: [Double], name axis: String) -> LineChart {
    func line(_ name: String, _ branches: [FixedPointBranch]) -> LineChart.Line {
      // A point without a place parts one branch from the next.
      let points = branches.flatMap { branch in
        branch.points.map { point in
          LineChart.Point(point.theta, zip(point.x, direction).reduce(0) { $0 + $1.0 * $1.1 })
        } + [LineChart.Point(.nan, .nan)]
      }
      return LineChart.Line(name, points, hasDots: false)
    }
    let label = world.dimension == 1 ? "x" : "along the \(axis) principal direction"
    return LineChart(
      title: "Fixed points of \(name)",
      description: """
        Where the generative dynamics rest at each factor theta of the clean data: attractors as full lines, unstable points as \
        dashed ones; rules at the splits.
        """,
      x: Axis("theta (noise on the left, data on the right)", range: range), y: Axis(label),
      lines: [
        line("stable", diagram.branches.filter(\.isStable)),
        line("unstable", diagram.branches.filter { !$0.isStable }),
      ].filter { !$0.points.isEmpty },
      markers: markers)
  }

  /// A rule at each of the first splits; those of one `theta` share it.
  private var markers: [LineChart.Marker] {
    var names: [String] = []
    return diagram.splits.prefix(8).compactMap { split in
      let name = "\(split.kind.rawValue) \(String(format: "%.4f", split.theta))"
      guard !names.contains(name) else { return nil }
      names.append(name)
      return .init(split.theta, name)
    }
  }
}
