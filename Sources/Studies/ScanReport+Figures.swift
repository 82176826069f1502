public import Charts
import Evaluation
import Pipelines

/// Where a curve bends most, a rough estimate of the first bifurcation (Raya and Ambrogioni 2023, figure 2).
///
/// The second derivative of points at uneven places is `2 ((c - b) / h2 - (b - a) / h1) / (h1 + h2)`.
///
/// - Parameter points: At least three places with their values, in rising order of the places.
/// - Returns: The place of the largest second derivative, or nil for fewer points.
public func strongestBend(_ points: [(x: Double, y: Double)]) -> Double? {
  let inner = zip(points, zip(points.dropFirst(), points.dropFirst(2))).map { a, pair -> (x: Double, bend: Double) in
    let (b, c) = pair, first = b.x - a.x, second = c.x - b.x
    return (b.x, 2 * ((c.y - b.y) / second - (b.y - a.y) / first) / (first + second))
  }
  return inner.max { $0.bend < $1.bend }?.x
}

extension ScanReport {
  /// Figure 2 of Raya and Ambrogioni (2023): the distance against the start, a line for each sampler and number of steps.
  ///
  /// One figure a kind of late start, or one a kind and number of steps where there would be more lines than can be told apart.
  public var figures: [(name: String, chart: LineChart)] {
    let isWhole = findings.samplers.count * findings.steps.count <= Self.largestLineCount
    return findings.kinds.flatMap { kind -> [(name: String, chart: LineChart)] in
      guard !isWhole else { return [("distance-\(kind.rawValue)", figure(kind, findings.steps))] }
      return findings.steps.map { ("distance-\(kind.rawValue)-\($0)", figure(kind, [$0])) }
    }
  }

  /// Lines beside the two of what is no sampler's.
  private static let largestLineCount = 6

  /// Where each sampler's curve bends most.
  public var bends: Table {
    let rows = findings.kinds.flatMap { kind in
      pairs.compactMap { sampler, steps in
        bend(sampler, steps, kind).map { ["\(steps)", sampler, kind.rawValue, "\(Int($0))"] }
      }
    }
    return Table(
      title: "Start of the largest second derivative of the distance",
      columns: [.init("steps", isNumeric: true), .init("sampler"), .init("kind"), .init("at step", isNumeric: true)],
      rows: rows)
  }

  private func bend(_ sampler: String, _ steps: Int, _ kind: LateStartKind) -> Double? {
    strongestBend(points(sampler, steps, kind).map { ($0.x, $0.y) })
  }

  /// The late starts of a curve by their steps, rising.
  private func points(_ sampler: String, _ steps: Int, _ kind: LateStartKind) -> [LineChart.Point] {
    findings.late(sampler, steps, kind).compactMap { result in
      result.cell.start.map {
        LineChart.Point(Double($0), result.measures.distance.value, interval: result.measures.distance.interval)
      }
    }.sorted { $0.x < $1.x }
  }

  private func figure(_ kind: LateStartKind, _ steps: [Int]) -> LineChart {
    let names = steps.flatMap { steps in findings.samplers.map { ($0, steps) } }
    var lines = names.map { sampler, steps in
      LineChart.Line("\(sampler), \(steps)", points(sampler, steps, kind) + priorPoint(sampler, steps), hasDots: true)
    }
    let places = lines.flatMap { $0.points.map(\.x) }
    for (name, measures) in [("real images", findings.real), ("the Gaussian", findings.gaussian)] {
      // A line at zero has no place on a logarithmic axis.
      guard let least = places.min(), let most = places.max(), measures.distance.value > 0 else { continue }
      lines.append(
        .init(
          name, [.init(least, measures.distance.value), .init(most, measures.distance.value)], isFaint: true,
          hasDots: false))
    }
    return LineChart(
      title: "Distance against the start, \(kind.rawValue), \(findings.count) images",
      description:
        "\(measure) of \(findings.model) to \(findings.reference), against the training step of the start. The rightmost point "
        + "of each line is the prior. Bands are 95 % intervals over the draw of the images.",
      x: Axis("training step of the start (rightmost: the prior)"), y: Axis(findings.distanceName, scale: .logarithmic),
      lines: lines, markers: markers(kind, names))
  }

  /// The prior to the right of all late starts.
  private func priorPoint(_ sampler: String, _ steps: Int) -> [LineChart.Point] {
    let last = findings.results.compactMap { $0.cell.start }.max() ?? 0
    return findings.prior(sampler, steps).map { prior in
      [LineChart.Point(Double(last + 100), prior.measures.distance.value, interval: prior.measures.distance.interval)]
    } ?? []
  }

  /// A rule at every place where lines bend most, with how many they are.
  private func markers(_ kind: LateStartKind, _ names: [(String, Int)]) -> [LineChart.Marker] {
    let bends = names.compactMap { bend($0.0, $0.1, kind) }
    return Set(bends).sorted().map { place in
      LineChart.Marker(place, "strongest bend: \(bends.count { $0 == place }) of \(bends.count) lines")
    }
  }
}
