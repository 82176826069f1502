import Charts
import Evaluation
import Models
import Pipelines
import SymmetryBreaking

extension ReproductionReport {
  private var scanSeeds: String { "\(SeedRanges(reproduction.settings.scan.base.seeds)) in every cell" }

  /// Grids of samples beside real images.
  var pictures: HTMLPage.Block {
    let real = findings.pictures.filter { $0.cell == nil }
    let figures = findings.scan.steps.compactMap { steps -> HTMLPage.Block? in
      let grids = findings.pictures.filter { $0.cell?.steps == steps }
      guard let first = grids.first?.cell else { return nil }
      let seeds = SeedRanges(Array(reproduction.settings.scan.base.seeds.prefix(grids[0].count)))
      return .figure(
        .init(
          .pictures((grids + real).map(picture)),
          caption: """
            \(steps) steps of \(first.sampler), from the prior and from the late start that the scan found best, and real images. Both \
            grids of samples have the seeds \(seeds), and are the first images that the scan measures. Files: \
            \((grids + real).map { "figures/\($0.name).png" }.joined(separator: ", ")).
            """,
          source: grids.compactMap { $0.cell.flatMap { recipe.pictures[$0] } }))
    }
    return .section(id: "pictures", title: "Samples", figures)
  }

  private func picture(_ grid: ReproductionFindings.Grid) -> HTMLPage.Picture {
    let what = grid.cell.map { "samples of \(recipe.model), \($0.sampler) with \($0.steps) steps, \($0.beginning)" }
    return .init(
      title: grid.cell?.beginning ?? "real images",
      description: "A grid of \(grid.count) " + (what ?? "images of the data set"), png: grid.png, width: grid.width,
      height: grid.height)
  }

  /// The scan's figures.
  var scanCharts: [NamedChart] {
    scan.figures.map { figure in
      NamedChart(
        name: figure.name, chart: figure.chart, part: .scan,
        caption: """
          The distance against the start, as in the paper's Figure 2. The rightmost point of each line is the prior; bands are 95 % intervals.
          """, seeds: scanSeeds)
    }
  }

  /// The scan.
  var lateStarts: HTMLPage.Block {
    let tables = [scan.tableOne, scan.equalSteps, scan.equalEvaluations, scan.classes, scan.bends]
    return .section(
      id: "late-starts", title: "Late starts",
      [.paragraph(scan.method)] + scanCharts.map(figure) + tables.filter { !$0.rows.isEmpty }.map { .table($0) })
  }

  /// What the fit loses, against the start.
  var fitChart: NamedChart {
    NamedChart(
      name: "start-cost", chart: findings.fit.chart(steps: findings.scan.steps), part: .fit,
      caption: """
        What a late start loses by the fit: the error of the start, that of the steps below it, and their sum, whose least is the start \
        that the fit proposes.
        """,
      seeds: "0-\(max(0, findings.fit.fit.draws - 1)) of the noise, one an image")
  }

  /// The start without a scan.
  var automaticStart: HTMLPage.Block {
    let crossover =
      findings.fit.times.crossover.map {
        "Above step \($0) the Gaussian predicts clean images better than the network."
      }
      ?? "The Gaussian predicts clean images better than the network at all levels, so that there is no start."
    return .section(
      id: "automatic-start", title: "A start without a scan",
      [
        .paragraph(
          """
          The fit takes one pass of denoising losses over \(findings.fit.fit.draws) images and no sample. It proposes, for any number of \
          steps, the start at which the error of the start and that of the steps cost least. \(crossover) The table sets what is drawn \
          from there beside the best late start of the scan.
          """), .table(automaticTable),
      ] + (misses.isEmpty ? [] : [.list(misses)]) + [figure(fitChart)])
  }

  /// The starts that the fit proposes beside the scan's best.
  var automaticTable: Table {
    Table(
      title: "\(scan.measure), from the start that the fit proposes and from the scan's best",
      columns: [
        .init("steps", isNumeric: true), .init("sampler"), .init("fit's start", isNumeric: true),
        .init("of equal cost"), .init("distance", isNumeric: true), .init("scan's best", isNumeric: true),
        .init("distance there", isNumeric: true), .init("ratio", isNumeric: true),
        .init("within \(Int(100 * AutomaticStart.tolerance)) %"),
      ],
      rows: findings.starts.map { start in
        let interval = start.choice.interval
        return [
          "\(start.result.cell.steps)", start.result.cell.sampler, "\(start.choice.start)",
          "\(interval.lowerBound) to \(interval.upperBound)", shown(start.result.measures.distance),
          start.best.cell.start.map(String.init) ?? "", shown(start.best.measures.distance), digits(start.ratio),
          start.isClose ? "yes" : "no",
        ]
      })
  }
}
