public import Charts
import Evaluation
import Foundation
import Pipelines

/// What a scan of late starts found as tables and figures; they hold no durations, so that equal scans make equal files.
///
/// Every table ends with two rows: real images, which no sampler can be expected to pass, and the Gaussian itself without a network, from
/// which a feature space must tell data if its distances are to prove anything.
public struct ScanReport {
  /// What was found.
  public let findings: ScanFindings
  /// The kind of late start that tables of one kind show: Gaussian if there is one.
  let kind: LateStartKind?

  /// The report of a scan.
  public init(_ findings: ScanFindings) {
    self.findings = findings
    kind = findings.kinds.contains(.gaussian) ? .gaussian : findings.kinds.first
  }

  /// How a late start compares with the prior, by their intervals.
  enum Verdict: String {
    case better = "better"
    case undecided = "not told apart"
    case worse = "worse"

    /// Compares two estimates; without intervals by their values.
    init(_ late: Estimate, _ prior: Estimate) {
      let (own, other) = (late.interval ?? late.value...late.value, prior.interval ?? prior.value...prior.value)
      self = own.upperBound < other.lowerBound ? .better : own.lowerBound > other.upperBound ? .worse : .undecided
    }
  }

  /// What is measured, for headings.
  var measure: String { "\(findings.distanceName) in the features of \(findings.classifier)" }

  /// Every cell with all its numbers, for other programs.
  public var cells: Table {
    let questions =
      findings.real.answers.map(\.question) + findings.results.flatMap { $0.measures.answers.map(\.question) }
    let names = unique(questions)
    func numbers(_ estimate: Estimate?) -> [String] {
      [estimate?.value, estimate?.interval?.lowerBound, estimate?.interval?.upperBound, estimate?.bias].map {
        $0.map { "\($0)" } ?? ""
      }
    }
    func row(_ texts: [String], _ measures: ScanMeasures) -> [String] {
      texts + ["\(measures.images)"] + numbers(measures.distance)
        + names.flatMap { name in numbers(measures.answers.first { $0.question == name }?.entropy) }
    }
    func columns(_ name: String) -> [String] { ["", "_lower", "_upper", "_bias"].map { name + $0 } }
    let rows = findings.results.map { result in
      row(
        [
          result.cell.sampler, "\(result.cell.steps)", "\(result.evaluations)", result.cell.kind?.rawValue ?? "prior",
          result.cell.start.map(String.init) ?? "", "\(result.firstStep)", result.limit,
        ], result.measures)
    }
    let last = yardsticks.map { row([$0.name, "", "", "", "", "", ""], $0.measures) }
    return Table(
      title: "Cells of the scan",
      columns: (["sampler", "steps", "evaluations", "kind", "start", "first_step", "limit", "images"]
        + columns("distance")
        + names.flatMap { columns("entropy_\($0)") }).map { .init($0) }, rows: rows + last)
  }

  /// What every table ends with.
  var yardsticks: [(name: String, measures: ScanMeasures)] {
    [(findings.realName, findings.real), ("the Gaussian itself", findings.gaussian)]
  }

  /// Samplers and steps that were run from the prior or late, in the order of the scan.
  var pairs: [(sampler: String, steps: Int)] {
    findings.steps.flatMap { steps in findings.samplers.map { ($0, steps) } }
  }

  /// The table of Raya and Ambrogioni (2023, table 1): for each number of steps, every sampler with a late start and without.
  public var tableOne: Table {
    let rows = findings.steps.map { steps in
      ["\(steps)"]
        + findings.samplers.flatMap { sampler in
          [
            kind.flatMap { findings.best(sampler, steps, $0) }.map { digits($0.measures.distance.value) } ?? "",
            findings.prior(sampler, steps).map { digits($0.measures.distance.value) } ?? "",
          ]
        }
    }
    let last = yardsticks.map { [$0.name, digits($0.measures.distance.value)] }
    return Table(
      title: "\(measure), best late start (\(kind?.rawValue ?? "none")) and prior",
      columns: [.init("steps")]
        + findings.samplers.flatMap { sampler -> [Table.Column] in
          [.init("late \(sampler)", isNumeric: true), .init(sampler, isNumeric: true)]
        },
      rows: rows + last)
  }

  /// Each sampler at each number of steps: the prior, and of every kind the late start of least distance.
  public var equalSteps: Table {
    let kinds = findings.kinds
    let rows = pairs.compactMap { sampler, steps -> [String]? in
      let prior = findings.prior(sampler, steps), best = kinds.map { findings.best(sampler, steps, $0) }
      guard let any = prior ?? best.compactMap(\.self).first else { return nil }
      return ["\(steps)", sampler, "\(any.evaluations)", shown(prior?.measures.distance)]
        + best.flatMap { entries($0, prior) }
    }
    let last = yardsticks.map { ["", $0.name, "0", shown($0.measures.distance)] }
    return Table(
      title: "\(measure), at equal steps",
      columns: [
        .init("steps", isNumeric: true), .init("sampler"), .init("NFE", isNumeric: true),
        .init("prior", isNumeric: true),
      ]
        + kinds.flatMap { kind -> [Table.Column] in
          [
            .init(kind.rawValue, isNumeric: true), .init("at step", isNumeric: true), .init("ratio", isNumeric: true),
            .init("late start is"),
          ]
        }, rows: rows + last)
  }

  private func entries(_ best: ScanResult?, _ prior: ScanResult?) -> [String] {
    guard let best else { return ["", "", "", ""] }
    let distance = best.measures.distance
    return [shown(distance), best.cell.start.map(String.init) ?? ""]
      + (prior.map { prior in
        [
          digits(prior.measures.distance.value / distance.value), Verdict(distance, prior.measures.distance).rawValue,
        ]
      } ?? ["", ""])
  }

  /// What each sampler reaches with at most so many evaluations of the network, from the prior and late.
  public var equalEvaluations: Table {
    let budgets = Set(findings.results.map(\.evaluations)).sorted()
    func best(_ results: [ScanResult]) -> ScanResult? {
      results.min { $0.measures.distance.value < $1.measures.distance.value }
    }
    let rows = budgets.flatMap { budget in
      findings.samplers.compactMap { sampler -> [String]? in
        let affordable = findings.results.filter { $0.cell.sampler == sampler && $0.evaluations <= budget }
        let prior = best(affordable.filter { $0.cell.kind == nil }),
          late = best(affordable.filter { $0.cell.kind == kind && kind != nil })
        guard prior != nil || late != nil else { return nil }
        let verdict = prior.flatMap { prior in
          late.map { Verdict($0.measures.distance, prior.measures.distance).rawValue }
        }
        return [
          "\(budget)", sampler, shown(prior?.measures.distance), prior.map { "\($0.cell.steps)" } ?? "",
          shown(late?.measures.distance), late.map { "\($0.cell.steps)" } ?? "", late?.cell.beginning ?? "",
          verdict ?? "",
        ]
      }
    }
    let last = yardsticks.map { ["0", $0.name, shown($0.measures.distance)] }
    return Table(
      title: "\(measure), at equal evaluations of the network",
      columns: [
        .init("NFE at most", isNumeric: true), .init("sampler"), .init("prior", isNumeric: true),
        .init("steps", isNumeric: true),
        .init("late", isNumeric: true), .init("steps", isNumeric: true), .init("start"), .init("late start is"),
      ], rows: rows + last)
  }

  /// The entropy of the classes from the prior and late, with the difference of images of equal seeds.
  public var classes: Table {
    func entropy(_ measures: ScanMeasures?, _ question: String) -> String {
      shown(measures?.answers.first { $0.question == question }?.entropy)
    }
    let rows = findings.differences.map { difference in
      let cell = difference.cell, late = findings.results.first { $0.cell == cell }
      return [
        "\(cell.steps)", cell.sampler, difference.question,
        entropy(findings.prior(cell.sampler, cell.steps)?.measures, difference.question), cell.beginning,
        entropy(late?.measures, difference.question), shown(difference.entropy),
        findings.dataEntropies[difference.question].map(digits) ?? "",
      ]
    }
    let last = yardsticks.flatMap { stick in
      stick.measures.answers.map { answers in
        [
          "", stick.name, answers.question, shown(answers.entropy), "", "", "",
          findings.dataEntropies[answers.question].map(digits) ?? "",
        ]
      }
    }
    return Table(
      title: "Entropy of the classes in bits, by \(findings.classifier)",
      columns: [
        .init("steps", isNumeric: true), .init("sampler"), .init("question"), .init("prior", isNumeric: true),
        .init("start"),
        .init("late", isNumeric: true), .init("late less prior, paired", isNumeric: true),
        .init("data", isNumeric: true),
      ], rows: rows + last)
  }
}

/// A number with the digits that its size deserves.
func digits(_ value: Double) -> String {
  String(format: abs(value) < 1 ? "%.3f" : abs(value) < 100 ? "%.2f" : "%.1f", value)
}

/// A value with its interval.
func shown(_ estimate: Estimate?) -> String {
  guard let estimate else { return "" }
  return digits(estimate.value)
    + (estimate.interval.map { " (\(digits($0.lowerBound)) to \(digits($0.upperBound)))" } ?? "")
}
