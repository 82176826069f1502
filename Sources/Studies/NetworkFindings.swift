public import Charts
public import Files
import Foundation

/// The multipliers of a model's order parameter with what they are compared with; see ``NetworkAnalysis``.
public struct NetworkFindings: Sendable, Hashable {
  /// What was found at one training step.
  public struct Row: Sendable, Hashable {
    /// The training step.
    public let step: Int
    /// The factor of the clean data.
    public let alpha: Double
    /// The deviation of the noise.
    public let sigma: Double
    /// The largest multipliers at the data's mean, descending.
    public let multipliers: [Double]
    /// How far each may be from an eigenvalue.
    public let residuals: [Double]
    /// The multipliers of the Gaussian with the data's moments.
    public let gaussian: [Double]
    /// The absolute cosine of each multiplier's direction and the principal component of its order.
    public let overlaps: [Double]
    /// The followed fixed point, if there is one.
    public let fixedPoint: FixedPoint?
    /// The fixed point of the drift itself, if it was searched for.
    public let bareCentre: BareCentre?
  }

  /// The fixed point of the drift near the origin, as nearly as it was found, where no network was trained; see `BareCentre`.
  public struct BareCentre: Sendable, Hashable, Codable {
    /// The norm of the state, where that of noise is the root of the number of its values.
    public let norm: Double
    /// The root of the mean square by which the state moves; where it is not small beside the state, no fixed point was found.
    public let residual: Double
    /// The least curvature of the potential over the rate there.
    public let curvature: Double
  }

  /// A fixed point that was followed from the noisiest step.
  public struct FixedPoint: Sendable, Hashable {
    /// The largest multiplier there.
    public let multiplier: Double
    /// The root of the mean square by which the average estimate moves the point.
    public let residual: Double
    /// The root of the mean square of the point's distance from the data's mean.
    public let distance: Double
  }

  /// The step at which a multiplier passes 1.
  public struct Crossing: Sendable, Hashable {
    /// Which multiplier, from 1.
    public let order: Int
    /// The step by every set of draws that has one.
    public let places: [Double]
    /// The sets of draws that were tried.
    public let sets: Int

    /// The mean of the places.
    public var step: Double { places.reduce(0, +) / Double(places.count) }

    /// The standard deviation of the places, or nil of a single one.
    public var deviation: Double? {
      guard places.count > 1 else { return nil }
      let squares = places.reduce(0) { $0 + ($1 - step) * ($1 - step) }
      return (squares / Double(places.count - 1)).squareRoot()
    }
  }

  /// A criterion that looks at the data's leading variance alone, with its training step.
  public struct Criterion: Sendable, Hashable {
    /// The criterion's name.
    public let name: String
    /// The first training step that meets it.
    public let step: Int
  }

  /// What was found at each step, noisiest first.
  public let rows: [Row]
  /// Where the first and the second multiplier pass 1; nil where one does not.
  public let crossings: [Crossing?]
  /// The criteria of the data's leading variance.
  public let criteria: [Criterion]
  /// The step above which the Gaussian predicts clean images better than the model; nil where that was not measured or is never so.
  public let crossover: Int?

  /// The crossing of the first multiplier.
  public var crossing: Crossing? { crossings.first ?? nil }

  /// What a crossing at the mean can tell and what not.
  public static let remark = """
    The multipliers are taken at the mean. Data of unequal shares split by a fold away from it, where a first multiplier need never \
    pass 1: two points of shares .8 and .2 never do, two equal ones at theta .82518.
    """
}

// MARK: Forms

extension NetworkFindings {
  /// Writes `network.csv`, `network.svg` and `network.json` into the folder of a study.
  public func write(to store: CellStore) throws(FileError) {
    try store.write(table.csv, to: "network.csv")
    try store.write(chart.svg, to: "network.svg")
    try store.write(json.text + "\n", to: "network.json")
  }

  /// The findings as a document: `steps`, `crossing` and `crossing_2` with their spread, and `criteria`.
  public var json: JSONValue {
    let second = crossings.count > 1 ? crossings[1] : nil
    let steps = criteria.map { ($0.name, JSONValue.number(Double($0.step))) }
    return .object([
      "steps": .array(rows.map(\.json)),
      "crossing": JSONValue(crossing?.step), "crossing_spread": crossing?.json ?? .null,
      "crossing_2": JSONValue(second?.step), "crossing_2_spread": second?.json ?? .null,
      "crossover": JSONValue(crossover.map(Double.init)),
      "criteria": .object(Dictionary(uniqueKeysWithValues: steps)),
    ])
  }

  /// The rows as a table.
  public var table: Table {
    let count = rows.map(\.multipliers.count).max() ?? 0, orders = (0..<count).map { $0 + 1 }
    let hasFixedPoint = rows.contains { $0.fixedPoint != nil }, hasCentre = rows.contains { $0.bareCentre != nil }
    let names =
      ["step", "alpha", "sigma"] + orders.map { "m\($0)" } + orders.map { "gaussian\($0)" }
      + orders.map { "overlap\($0)" } + orders.map { "residual\($0)" }
      + (hasFixedPoint ? ["fixed_point_m1", "fixed_point_residual", "fixed_point_distance"] : [])
      + (hasCentre ? ["bare_centre_norm", "bare_centre_residual", "bare_centre_curvature"] : [])
    return Table(
      title: "Multipliers of the order parameter", columns: names.map { .init($0, isNumeric: true) },
      rows: rows.map { row in
        // A direction without a component of its own has no overlap, and its cell stays empty.
        let lists = [row.multipliers, row.gaussian, row.overlaps, row.residuals].flatMap { values in
          orders.map { values.count >= $0 ? values[$0 - 1] : .nan }
        }
        let fixed = row.fixedPoint.map { [$0.multiplier, $0.residual, $0.distance] } ?? []
        let centre = row.bareCentre.map { [$0.norm, $0.residual, $0.curvature] } ?? []
        let numbers = [row.alpha, row.sigma] + lists + fixed + centre
        return ["\(row.step)"] + numbers.map { $0.isNaN ? "" : String(format: "%.6g", $0) }
      })
  }

  /// The table with what follows from it, for a terminal.
  public var text: String {
    let places = crossings.enumerated().map { place, crossing in
      let name = "M\(place + 1) passes 1"
      guard let crossing else { return "\(name) nowhere between the steps of this study" }
      let spread = crossing.deviation.map { String(format: " +- %.1f", $0) } ?? ""
      let missing =
        crossing.places.count < crossing.sets ? ", in \(crossing.places.count) of \(crossing.sets) sets of draws" : ""
      return "\(name) at step \(String(format: "%.1f", crossing.step))\(spread)\(missing)"
    }
    let others = criteria.map { "\($0.name): step \($0.step)" }.joined(separator: ", ")
    let limit =
      crossover.map { ["above step \($0) the Gaussian predicts better: there the model's own error is seen"] } ?? []
    return ([table.plainText, ""] + places + limit + ["by the leading variance alone: \(others)", Self.remark])
      .joined(separator: "\n")
  }

  /// The curves with the crossing and the criteria.
  public var chart: LineChart {
    func line(_ name: String, faint: Bool = false, _ value: (Row) -> Double?) -> LineChart.Line {
      let points = rows.compactMap { row in value(row).map { LineChart.Point(Double(row.step), $0) } }
      return .init(name, points, isFaint: faint, hasDots: faint ? false : nil)
    }
    func element(_ values: [Double], _ place: Int) -> Double? { values.indices.contains(place) ? values[place] : nil }
    var lines = [
      line("M1") { element($0.multipliers, 0) }, line("M2") { element($0.multipliers, 1) },
      line("Gaussian 1") { element($0.gaussian, 0) }, line("Gaussian 2", faint: true) { element($0.gaussian, 1) },
      line("M1, fixed point") { $0.fixedPoint?.multiplier },
    ]
    lines.removeAll { $0.points.isEmpty }
    let found = zip(["M1 = 1", "M2 = 1"], crossings).compactMap { name, crossing in
      crossing.map { LineChart.Marker($0.step, name) }
    }
    return LineChart(
      title: "When symmetry breaks",
      description: """
        Largest multipliers of the average estimate at the data's mean against the training step, with those of the Gaussian that has \
        the data's moments. Above 1 a small deviation from the mean grows. \(Self.remark)
        """,
      x: Axis("training step", isReversed: true), y: Axis("multiplier"), lines: lines,
      markers: found + (crossover.map { [.init(Double($0), "Gaussian better above")] } ?? [])
        + criteria.map { .init(Double($0.step), $0.name) })
  }
}

extension NetworkFindings.Row {
  var json: JSONValue {
    var members: [String: JSONValue] = [
      "step": .number(Double(step)), "m1": .number(multipliers[0]), "gaussian": .number(gaussian[0]),
      "overlap": .number(overlaps[0]), "multipliers": JSONValue(multipliers), "gaussians": JSONValue(gaussian),
      "overlaps": JSONValue(overlaps), "residuals": JSONValue(residuals),
    ]
    if let fixedPoint {
      members["fixed_point"] = .object([
        "m1": .number(fixedPoint.multiplier), "residual": .number(fixedPoint.residual),
        "distance": .number(fixedPoint.distance),
      ])
    }
    if let bareCentre {
      members["bare_centre"] = .object([
        "norm": .number(bareCentre.norm), "residual": .number(bareCentre.residual),
        "curvature": .number(bareCentre.curvature),
      ])
    }
    return .object(members)
  }
}

extension NetworkFindings.Crossing {
  var json: JSONValue {
    .object([
      "places": JSONValue(places), "sets": .number(Double(sets)),
      "standard_deviation": JSONValue(deviation),
    ])
  }
}
