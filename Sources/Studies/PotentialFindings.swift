public import Charts
public import Files
import Foundation
import SymmetryBreaking

/// The potential of a model along arcs through pairs of samples; see ``PotentialAnalysis``.
public struct PotentialFindings: Sendable, Hashable {
  /// The potential at one training step.
  public struct Curve: Sendable, Hashable {
    /// The training step.
    public let step: Int
    /// The potential of every pair at every angle, in units of the rate, zero at the first sample.
    public let pairs: [[Double]]
    /// The same of the Gaussian with the data's moments; nil where those are not known.
    public let gaussian: [[Double]]?

    /// The mean over the pairs at every angle, with its standard error.
    public var average: (mean: [Double], standardError: [Double]) { SymmetryBreaking.average(of: pairs) }
  }

  /// The angles: 0 at a pair's first sample, `pi / 2` at its second.
  public let angles: [Double]
  /// A curve a step, noisiest first.
  public let curves: [Curve]
  /// Values of a state.
  public let dimension: Int

  /// Writes `potential.csv`, `potential.json`, and as SVG the first pair and the average over all, into the folder of a study.
  public func write(to store: CellStore) throws(FileError) {
    try store.write(table.csv, to: "potential.csv")
    try store.write(chart(ofAverage: false).svg, to: "potential-single.svg")
    try store.write(chart(ofAverage: true).svg, to: "potential.svg")
    try store.write(json.text + "\n", to: "potential.json")
  }

  /// The findings as a document: `angles`, and for each step the potential of every pair, their mean and its standard error, the
  /// barrier, and what it is above the Gaussian's.
  public var json: JSONValue {
    .object([
      "angles": JSONValue(angles),
      "steps": .array(
        curves.enumerated().map { place, curve in
          .object([
            "step": .number(Double(curve.step)), "potential": JSONValue(curve.average.mean),
            "standard_error": JSONValue(curve.average.standardError),
            "pairs": .array(curve.pairs.map { JSONValue($0) }),
            "barrier": .number(barriers[place].mean), "barrier_standard_error": .number(barriers[place].standardError),
            "excess": JSONValue(excesses?[place].mean),
            "excess_standard_error": JSONValue(excesses?[place].standardError),
          ])
        }),
    ])
  }

  /// One row an angle, with the first pair, the mean and its standard error of every step.
  public var table: Table {
    let names = curves.flatMap { ["first_\($0.step)", "mean_\($0.step)", "standard_error_\($0.step)"] }
    let averages = curves.map(\.average)
    return Table(
      title: "Potential along arcs", columns: (["angle"] + names).map { .init($0, isNumeric: true) },
      rows: angles.indices.map { place in
        let values = curves.indices.flatMap { curve in
          [curves[curve].pairs[0][place], averages[curve].mean[place], averages[curve].standardError[place]]
        }
        return ([angles[place]] + values).map { String(format: "%.6g", $0) }
      })
  }

  /// The curves of the first pair or of the average with its 95 % interval, each divided by its largest absolute value.
  ///
  /// The potential of a clean state is many times that of noise: only shapes compare. Two states of noise overlap by chance, which
  /// lifts the middle of their arc by a quarter of their product, some `sqrt(D) / 4`: a curve that stays below `sqrt(D)` is divided by
  /// that, so that chance looks like the little that it is.
  public func chart(ofAverage isAverage: Bool) -> LineChart {
    let least = Double(dimension).squareRoot()
    let lines = curves.map { curve in
      let (mean, error) = isAverage ? curve.average : (curve.pairs[0], [Double](repeating: 0, count: angles.count))
      let scale = mean.reduce(least) { max($0, abs($1)) }
      let points = angles.indices.map { place in
        let half = 1.96 * error[place] / scale, value = mean[place] / scale
        return LineChart.Point(angles[place], value, interval: isAverage ? value - half...value + half : nil)
      }
      return LineChart.Line("step \(curve.step)", points, hasDots: false)
    }
    return LineChart(
      title: isAverage ? "Potential, mean of \(curves.first?.pairs.count ?? 0) pairs" : "Potential of one pair",
      description: """
        The potential along the arc cos a x1 + sin a x2 between two samples of one noise level, each curve divided by its largest \
        absolute value or the norm of noise, whichever is more. One valley between the samples before the symmetry breaks, one around each of them after.
        """,
      x: Axis("angle a"), y: Axis("potential / largest"), lines: lines,
      markers: [.init(0, "x1"), .init(Double.pi / 2, "x2")])
  }

  /// How far the potential halfway between the samples lies above the mean of both ends, with its standard error; one a step.
  ///
  /// Negative where one valley lies between them, positive where each has its own.
  public var barriers: [(mean: Double, standardError: Double)] {
    curves.map { curve in mean(of: curve.pairs.map(barrier)) }
  }

  /// How far the barrier lies above that of the Gaussian with the data's moments along the same arcs, with its standard error; one a
  /// step, or nil where the moments are not known.
  ///
  /// Two samples overlap by chance, which moves both barriers of a pair alike and not their difference.
  public var excesses: [(mean: Double, standardError: Double)]? {
    let found = curves.compactMap { curve in
      curve.gaussian.map { gaussian in mean(of: zip(curve.pairs, gaussian).map { barrier($0) - barrier($1) }) }
    }
    return found.count == curves.count ? found : nil
  }

  private func barrier(_ curve: [Double]) -> Double {
    func nearest(_ angle: Double) -> Int {
      angles.indices.min { abs(angles[$0] - angle) < abs(angles[$1] - angle) } ?? 0
    }
    return curve[nearest(Double.pi / 4)] - (curve[nearest(0)] + curve[nearest(Double.pi / 2)]) / 2
  }

  private func mean(of values: [Double]) -> (mean: Double, standardError: Double) {
    let found = SymmetryBreaking.average(of: values.map { [$0] })
    return (found.mean[0], found.standardError[0])
  }

  /// The barriers between the samples, for a terminal.
  public var text: String {
    let names = ["step", "barrier", "standard error"] + (excesses == nil ? [] : ["above Gaussian", "its error"])
    return Table(
      title: "", columns: names.map { .init($0, isNumeric: true) },
      rows: curves.indices.map { place in
        let found = [barriers[place]] + (excesses.map { [$0[place]] } ?? [])
        return ["\(curves[place].step)"]
          + found.flatMap { [String(format: "%.4g", $0.mean), String(format: "%.2g", $0.standardError)] }
      }
    ).plainText
  }
}
