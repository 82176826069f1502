import Charts
import Compute
import Evaluation
import Files
import Foundation
import Models
import Pipelines

extension ReproductionReport {
  /// What makes the page again, and from what it was made.
  var origin: HTMLPage.Block {
    .section(
      id: "origin", title: "How to make it again",
      [
        .paragraph("The whole page, which goes on where it was stopped:"), .code([recipe.command]),
        .paragraph("Its parts one by one; those of scan and analyses go on with what is in their folders:"),
        .code(ReproductionPart.allCases.flatMap { part in recipe.commands[part] ?? [] }), .table(facts),
      ])
  }

  /// Versions, device and digests.
  private var facts: Table {
    let subject = reproduction.subject, machine = reproduction.machine
    let files = (reproduction.store.identity.facts["model"]?.object ?? [:]).sorted { $0.key < $1.key }
    let arithmetic = machine.precision.rawValue + (machine.isExact ? ", direct convolution" : "")
    let rows: [[String?]] =
      [["program", recipe.program], ["device", "\(machine.device) (\(machine.backend)), \(arithmetic)"]]
      + [["extent", reproduction.settings.extent.rawValue], ["model", subject.model.name]]
      + files.map { ["SHA-256 of \($0.key)", $0.value.string] }
      + [
        ["SHA-256 of the moments", findings.fit.fit.statistics], ["classifier", subject.classifier.name],
        ["SHA-256 of the classifier", reproduction.store.identity.facts["classifier"]?.string],
        ["data", "\(subject.data.name), \(subject.data.count) images"],
        ["SHA-256 of the images and their extents", subject.data.sha256],
        ["real images", findings.scan.realName], ["their SHA-256", subject.real?.sha256],
      ]
    return Table(
      title: "Versions, device and files", columns: [.init("what"), .init("value")],
      rows: rows.filter { $0.allSatisfy { $0 != nil } }.map { $0.compactMap(\.self) })
  }

  /// Dates and durations, which no other part of the page holds.
  var times: HTMLPage.Block {
    let entries = reproduction.journal.entries
    let rows = ReproductionPart.allCases.compactMap { part in entries.first { $0.part == part } }.map { entry in
      [entry.part.words, entry.finished, String(format: "%.1f", entry.seconds)]
    }
    let total = entries.reduce(0) { $0 + $1.seconds }
    return .section(
      id: "times", title: "Dates and durations",
      [
        .paragraph("This section is the only one that differs from run to run."),
        .table(
          Table(
            title: "When each part was finished, and the seconds that its cells took",
            columns: [.init("part"), .init("finished, UTC"), .init("seconds", isNumeric: true)],
            rows: rows + [["all", "", String(format: "%.1f", total)]])),
      ])
  }
}
