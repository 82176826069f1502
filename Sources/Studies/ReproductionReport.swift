public import Charts
import Evaluation
import Files
import Foundation
import Pipelines
import SymmetryBreaking

/// What a reproduction found as one page of HTML, with the numbers of every figure and table beside it.
///
/// The page holds dates and durations in its last section only, so that a reproduction which was stopped makes the same page but for that.
public struct ReproductionReport {
  /// How a part is made again.
  public struct Recipe: Sendable, Hashable {
    /// The command that makes the whole page.
    public var command: String
    /// The commands of the parts.
    public var commands: [ReproductionPart: [String]]
    /// The command of each grid of samples.
    public var pictures: [ScanCell: String]
    /// What the page calls the model.
    public var model: String
    /// The program with its version.
    public var program: String

    /// A recipe; only the command line knows its commands.
    public init(
      command: String, commands: [ReproductionPart: [String]], pictures: [ScanCell: String], model: String,
      program: String
    ) {
      (self.command, self.commands, self.pictures) = (command, commands, pictures)
      (self.model, self.program) = (model, program)
    }
  }

  /// The name of the page.
  public static let pageName = "report.html"

  /// What was found.
  public let findings: ReproductionFindings
  let reproduction: Reproduction
  let recipe: Recipe

  /// The report of a reproduction.
  public init(_ findings: ReproductionFindings, of reproduction: Reproduction, _ recipe: Recipe) {
    (self.findings, self.reproduction, self.recipe) = (findings, reproduction, recipe)
  }

  /// The scan under the page's name for the model.
  var scan: ScanReport {
    var found = findings.scan
    found.model = recipe.model
    return ScanReport(found)
  }

  /// A chart with what stands below it; its numbers lie in `figures/NAME.csv`.
  struct NamedChart {
    let name: String
    let chart: LineChart
    let part: ReproductionPart
    let caption: String
    let seeds: String
  }

  /// A chart as a figure, with the command that makes it and its seeds.
  func figure(_ named: NamedChart) -> HTMLPage.Block {
    .figure(
      .init(
        .chart(named.chart),
        caption: "\(named.caption) Seeds: \(named.seeds). Numbers: figures/\(named.name).csv.",
        source: recipe.commands[named.part] ?? []))
  }

  /// The page.
  public var page: HTMLPage {
    var page = HTMLPage(
      title: "Late starts and symmetry breaking: \(recipe.model)",
      lead: """
        The experiments of Raya and Ambrogioni, Spontaneous Symmetry Breaking in Generative Diffusion Models (2023), on the model \
        \(recipe.model) and the data \(reproduction.subject.data.name).
        """, generator: recipe.program)
    page.blocks =
      [summary, pictures, lateStarts, automaticStart, symmetry, origin, times]
    return page
  }

  /// Writes `report.html`, `report.json`, and the numbers of figures and tables as CSV beside SVG and PNG in `figures/` and `tables/`.
  ///
  /// - Throws: `FileError` if one cannot be written.
  public func write() throws {
    let store = reproduction.store
    for folder in ["figures", "tables"] { try OutputFile.prepareFolder(reproduction.path(folder)) }
    for named in charts {
      try store.write(named.chart.table.csv, to: "figures/\(named.name).csv")
      try store.write(named.chart.svg, to: "figures/\(named.name).svg")
    }
    for grid in findings.pictures {
      try OutputFile.write(grid.png, to: reproduction.path("figures/\(grid.name).png"))
    }
    for (name, table) in tables { try store.write(table.csv, to: "tables/\(name).csv") }
    try store.write(findings.json.text + "\n", to: "report.json")
    // The page comes last: where it is, all is.
    try store.write(page.html, to: Self.pageName)
  }

  /// All charts, in the order of the page.
  var charts: [NamedChart] { scanCharts + [fitChart] + symmetryCharts }

  /// All tables, in the order of the page.
  var tables: [(name: String, table: Table)] {
    scan.tables
      + [
        ("cells", scan.cells), ("automatic-starts", automaticTable), ("order-parameter", findings.network.table),
        ("potential", findings.potential.table), ("barriers", barrierTable),
        ("clones", findings.dynamics.agreementTable),
        ("decisions", findings.dynamics.decisionTable), ("losses", findings.dynamics.lossTable),
      ].filter { !$0.table.rows.isEmpty }
  }
}
