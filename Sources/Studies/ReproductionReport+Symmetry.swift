import Charts
import Foundation
import Pipelines
import SymmetryBreaking

extension ReproductionReport {
  /// Steps as people list them.
  private func list(_ steps: [Int]) -> String { steps.map(String.init).joined(separator: ", ") }

  /// The figures of the analyses.
  var symmetryCharts: [NamedChart] {
    let settings = reproduction.settings, findings = findings
    let samples = SeedRanges((0..<UInt64(settings.dynamics.count)).map { settings.dynamics.seed &+ $0 })
    let pairs = SeedRanges((0..<UInt64(2 * settings.potential.pairs)).map { settings.potential.seed &+ $0 })
    func dynamics(_ name: String, _ chart: LineChart, _ caption: String) -> NamedChart {
      NamedChart(name: name, chart: chart, part: .dynamics, caption: caption, seeds: "\(samples), one a sample")
    }
    var charts = [
      NamedChart(
        name: "order-parameter", chart: findings.network.chart, part: .network,
        caption: """
          The largest multipliers of the average estimate at the data's mean, beside those of the Gaussian with the data's moments, which \
          stay below 1. \(NetworkFindings.remark)
          """, seeds: "\(settings.network.sets) sets of \(settings.network.average.draws) draws, numbered from 0"),
      NamedChart(
        name: "potential-single", chart: findings.potential.chart(ofAverage: false), part: .potential,
        caption: "The potential between the samples of the first pair, each curve over its largest value.",
        seeds: "\(settings.potential.seed) and \(settings.potential.seed &+ 1)"),
      NamedChart(
        name: "potential", chart: findings.potential.chart(ofAverage: true), part: .potential,
        caption: "The mean over all pairs with its 95 % interval, each curve over its largest value.",
        seeds: "\(pairs), two a pair"),
      dynamics(
        "clones", findings.dynamics.agreementChart,
        "The share of pairs with one class, for clones that part at a step and for samples that are noised to it and drawn again."
      ),
      dynamics(
        "decisions", findings.dynamics.decisionChart,
        "The share of samples whose estimate of the clean image no longer changes its class."),
    ]
    if !findings.dynamics.losses.isEmpty {
      charts.append(
        dynamics(
          "losses", findings.dynamics.lossChart,
          "The rate of the entropy of the clean image by its denoising losses, and what the Gaussian explains of estimate and score."
        ))
    }
    return charts
  }

  /// The analyses.
  var symmetry: HTMLPage.Block {
    func figures(_ part: ReproductionPart) -> [HTMLPage.Block] {
      symmetryCharts.filter { $0.part == part }.map(figure)
    }
    let network: [HTMLPage.Block] =
      [
        .paragraph(
          """
          A multiplier above 1 means that a small deviation from the mean of the data grows. It is an average over noise, at states that \
          the network was trained on.
          """)
      ] + figures(.network) + [.table(shortTable), .table(criterionTable)]
    return .section(
      id: "symmetry", title: "Symmetry breaking",
      [
        .section(id: "order-parameter", title: "The order parameter", network),
        .section(
          id: "potential", title: "The potential between samples", figures(.potential) + [.table(barrierTable)]),
        .section(id: "dynamics", title: "When a sample is decided", figures(.dynamics)),
      ])
  }

  /// The first multipliers; the whole table lies beside the page.
  private var shortTable: Table {
    Table(
      title: "Multipliers at the data's mean",
      columns: ["step", "M1", "Gaussian", "overlap with the first component"].map { .init($0, isNumeric: true) },
      rows: findings.network.rows.map { row in
        ["\(row.step)"] + [row.multipliers, row.gaussian, row.overlaps].map { $0.first.map(digits) ?? "" }
      })
  }

  private var criterionTable: Table {
    Table(
      title: "Criteria that look at the data's leading variance alone",
      columns: [.init("criterion"), .init("first step that meets it", isNumeric: true)],
      rows: findings.network.criteria.map { [$0.name, "\($0.step)"] })
  }

  /// How far the potential halfway between two samples lies above that at both.
  var barrierTable: Table {
    Table(
      title: "The potential halfway between two samples, less the mean of both ends, and what two standard errors tell",
      columns: ["step", "barrier", "standard error"].map { .init($0, isNumeric: true) } + [.init("valleys")],
      rows: zip(findings.potential.curves, findings.potential.barriers).map { curve, barrier in
        [
          "\(curve.step)", String(format: "%.4g", barrier.mean),
          curve.pairs.count > 1 ? String(format: "%.2g", barrier.standardError) : "",
          valleys(barrier.mean, curve.pairs.count > 1 ? barrier.standardError : nil),
        ]
      })
  }

  /// One valley or two, where the barrier is two standard errors and more from zero.
  func valleys(_ barrier: Double, _ standardError: Double?) -> String {
    guard let standardError, abs(barrier) > 2 * standardError else { return "not told" }
    return barrier < 0 ? "one" : "two"
  }
}
