public import Charts
import Evaluation
import Files
import Pipelines

extension ScanReport {
  /// The tables by the names of their files.
  public var tables: [(name: String, table: Table)] {
    [
      ("table-1", tableOne), ("equal-steps", equalSteps), ("equal-evaluations", equalEvaluations), ("classes", classes),
      ("bends", bends),
    ]
  }

  /// What was measured and how, in one paragraph.
  var method: String {
    let limits = unique(findings.results.map { "\($0.cell.sampler): \($0.limit)" }).joined(separator: "; ")
    return """
      \(findings.model), \(findings.count) images a cell, the same seeds in all cells. \(measure) to \(findings.reference); images are \
      clamped to [-1, 1] and rounded to 8 bits first. Only equal counts compare. In brackets 95 % intervals over the draw of the images; \
      that of the best of several starts does not count the choice among them. Limits on estimates of clean images: \(limits).
      """
  }

  /// What the scan shows, a sentence a line.
  public var conclusions: [String] {
    var lines: [String] = []
    if let best = findings.results.min(by: { $0.measures.distance.value < $1.measures.distance.value }) {
      lines.append(
        "Least distance: \(best.cell.sampler), \(best.cell.steps) steps, \(best.cell.beginning): \(shown(best.measures.distance)) with "
          + "\(best.evaluations) evaluations.")
    }
    let real = findings.real.distance, gaussian = findings.gaussian.distance
    lines.append("For comparison: \(findings.realName), \(shown(real)); the Gaussian itself, \(shown(gaussian)).")
    let priors = findings.results.filter { $0.cell.kind == nil }
    if let worst = priors.max(by: { $0.measures.distance.value < $1.measures.distance.value }),
      worst.measures.distance.value >= gaussian.value
    {
      lines.append(
        "The Gaussian itself is nearer than the prior of \(worst.cell.sampler) with \(worst.cell.steps) steps: these features do not tell "
          + "noise from data well enough to prove anything there.")
    }
    guard let kind else { return lines }
    let idle = pairs.filter { sampler, steps in
      guard let late = findings.best(sampler, steps, kind), let prior = findings.prior(sampler, steps) else {
        return false
      }
      return Verdict(late.measures.distance, prior.measures.distance) != .better
    }
    if !idle.isEmpty {
      lines.append(
        "Late start (\(kind.rawValue)) shows no gain for "
          + idle.map { "\($0.sampler) with \($0.steps) steps" }.joined(separator: ", ") + ".")
    }
    return lines
  }

  /// The report as one page of Markdown.
  public var markdown: String {
    let parts = tables.filter { !$0.table.rows.isEmpty }.map { "## \($0.table.title)\n\n\($0.table.markdown)" }
    let pictures = figures.map { "![\($0.chart.title)](\($0.name).svg)" }
    return (["# Late starts of \(findings.model)", method, conclusions.joined(separator: "\n")] + pictures + parts)
      .joined(separator: "\n\n") + "\n"
  }

  /// The report for a terminal.
  public var text: String {
    ([equalSteps, equalEvaluations, classes].filter { !$0.rows.isEmpty }.map { "\($0.title)\n\($0.plainText)" }
      + [conclusions.joined(separator: "\n")]).joined(separator: "\n\n")
  }

  /// Writes `report.md`, `report.json`, `cells.csv`, each table as `.csv`, `.md` and `.txt`, and each figure as `.svg`.
  ///
  /// - Throws: `FileError` if one cannot be written.
  public func write(to store: CellStore) throws {
    for (name, table) in tables {
      try store.write(table.csv, to: name + ".csv")
      try store.write(table.markdown + "\n", to: name + ".md")
      try store.write(table.plainText + "\n", to: name + ".txt")
    }
    try store.write(cells.csv, to: "cells.csv")
    for (name, chart) in figures { try store.write(chart.svg, to: name + ".svg") }
    try store.write(JSONValue(encoding: findings).text + "\n", to: "report.json")
    try store.write(markdown, to: "report.md")
  }
}
