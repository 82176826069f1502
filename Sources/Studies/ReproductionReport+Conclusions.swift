import Charts
import Evaluation
import Foundation
import Models
import Pipelines
import SymmetryBreaking

extension ReproductionReport {
  /// The conclusions, and what bounds them.
  var summary: HTMLPage.Block {
    .section(
      id: "summary", title: "What was found",
      [
        .list(conclusions),
        .paragraph(
          """
          This is one model, one data set and one set of seeds. Intervals of 95 % are over the draw of the images alone, and the choice of \
          the best start among several is in none of them. Distances are in the features of \(findings.scan.classifier), and compare with \
          others in the same features at the same count only; none of them is FID.
          """),
      ])
  }

  /// What the numbers say, a sentence a line.
  public var conclusions: [String] {
    findings.scan.kinds.flatMap(lateStart) + scan.conclusions + classes + automatic + [breaking] + dynamics + potential
  }

  private var pairs: [(sampler: String, steps: Int)] {
    findings.scan.steps.flatMap { steps in findings.scan.samplers.map { ($0, steps) } }
  }

  /// How the best late starts of a kind compare with the prior.
  private func lateStart(_ kind: LateStartKind) -> [String] {
    let compared = pairs.compactMap { sampler, steps -> (verdict: ScanReport.Verdict, ratio: Double)? in
      guard let late = findings.scan.best(sampler, steps, kind), let prior = findings.scan.prior(sampler, steps) else {
        return nil
      }
      let (own, other) = (late.measures.distance, prior.measures.distance)
      return (ScanReport.Verdict(own, other), other.value / own.value)
    }
    guard !compared.isEmpty else { return [] }
    func count(_ verdict: ScanReport.Verdict) -> Int { compared.count { $0.verdict == verdict } }
    let gains = compared.filter { $0.verdict == .better }.map(\.ratio)
    let factors =
      gains.min().flatMap { least in gains.max().map { ", by factors of \(digits(least)) to \(digits($0))" } } ?? ""
    return [
      """
      At \(compared.count) settings of sampler and steps, the best late start of the kind \(kind.rawValue) is nearer to the data than the \
      prior in \(count(.better))\(factors), further in \(count(.worse)), and not told apart in \(count(.undecided)).
      """
    ]
  }

  /// Whether late starts keep more of the classes.
  private var classes: [String] {
    let differences = findings.scan.differences.filter { $0.cell.kind == .gaussian }
    guard !differences.isEmpty else { return [] }
    let more = differences.count { ($0.entropy.interval?.lowerBound ?? 0) > 0 }
    let less = differences.count { ($0.entropy.interval?.upperBound ?? 0) < 0 }
    return [
      """
      By the answers of \(findings.scan.classifier), its errors not taken out, the entropy of the classes is above that of the prior in \
      \(more) of \(differences.count) comparisons of equal seeds, below it in \(less), and not told apart in \
      \(differences.count - more - less).
      """
    ]
  }

  /// How the starts that the fit proposes compare with the scan's best.
  private var automatic: [String] {
    let starts = findings.starts, percent = Int(100 * AutomaticStart.tolerance)
    guard let worst = starts.max(by: { $0.ratio < $1.ratio }) else { return ["The fit proposes no start."] }
    let cell = worst.result.cell
    return [
      """
      The start that the fit proposes without a sample is within \(percent) % of the scan's best distance in \
      \(starts.count { $0.isClose }) of \(starts.count) cases; the largest ratio is \(digits(worst.ratio)), for \(cell.sampler) with \
      \(cell.steps) steps.
      """
    ]
  }

  /// What the fit proposes where its start is further from the data than the scan's best, a sentence each.
  var misses: [String] {
    findings.starts.filter { !$0.isClose }.map { start in
      let best = start.best.cell.start ?? 0, interval = start.choice.interval
      return """
        With \(start.result.cell.steps) steps of \(start.result.cell.sampler) the fit proposes \(start.choice.start), where the scan's \
        best is \(best), which lies \(interval.contains(best) ? "within" : "outside of") the starts that cost the fit at most a tenth more.
        """
    }
  }

  /// Where the order parameter passes 1.
  private var breaking: String {
    let steps = findings.network.rows.map(\.step)
    guard let crossing = findings.network.crossing else {
      return """
        The first multiplier of the order parameter does not pass 1 between the steps that were measured, \(steps.last ?? 0) to \
        \(steps.first ?? 0).
        """
    }
    let spread = crossing.deviation.map { String(format: " +- %.1f", $0) } ?? ""
    return """
      The first multiplier of the order parameter passes 1 at step \(String(format: "%.1f", crossing.step))\(spread), in \
      \(crossing.places.count) of \(crossing.sets) sets of draws: there the symmetry of the mean breaks.
      """
  }

  /// When classes are decided.
  private var dynamics: [String] {
    let dynamics = findings.dynamics
    let phi = dynamics.crossing.map { place in
      let interval = place.interval.map { String(format: " (%.0f to %.0f)", $0.lowerBound, $0.upperBound) } ?? ""
      return
        "Clones agree in their class as two Gaussians do at their speciation at step \(String(format: "%.0f", place.step))\(interval)."
    }
    return [
      phi
        ?? "The agreement of clones does not pass that of two Gaussians at their speciation between the steps measured.",
      """
      Half of the samples no longer change their class from step \(String(format: "%.0f", dynamics.decision(quantile: 0.5))) on, nine \
      tenths from step \(String(format: "%.0f", dynamics.decision(quantile: 0.1))).
      """,
    ]
  }

  /// Where the potential has one valley, and where two.
  private var potential: [String] {
    let rows = barrierTable.rows
    func steps(_ valleys: String) -> String? {
      let steps = rows.filter { $0.last == valleys }.map { $0[0] }
      return steps.isEmpty ? nil : steps.joined(separator: ", ")
    }
    let parts = [("one", "one valley"), ("two", "two"), ("not told", "a form that the pairs do not tell")].compactMap {
      valleys, words in steps(valleys).map { "\(words) at step \($0)" }
    }
    return parts.isEmpty ? [] : ["The potential between two samples has " + parts.joined(separator: ", ") + "."]
  }
}
