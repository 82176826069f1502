public import Charts
public import Files
import Foundation
import SymmetryBreaking

extension DynamicsFindings {
  /// Writes `clones.csv`, `losses.csv`, `decisions.csv`, `dynamics.json` and their pictures into the folder of a study.
  public func write(to store: CellStore) throws(FileError) {
    try store.write(agreementTable.csv, to: "clones.csv")
    try store.write(lossTable.csv, to: "losses.csv")
    try store.write(decisionTable.csv, to: "decisions.csv")
    try store.write(agreementChart.svg, to: "clones.svg")
    try store.write(decisionChart.svg, to: "decisions.svg")
    if !losses.isEmpty { try store.write(lossChart.svg, to: "losses.svg") }
    try store.write(json.text + "\n", to: "dynamics.json")
  }

  /// The share of samples that are decided at each level of the runs, noisiest first.
  public var decided: [Double] {
    levels.map { level in Double(decisions.count { $0 >= level }) / Double(max(1, decisions.count)) }
  }

  /// A quantile of the samples' decision steps.
  public func decision(quantile: Double) -> Double {
    let sorted = decisions.sorted()
    return sorted.isEmpty ? 0 : sorted[min(sorted.count - 1, Int(quantile * Double(sorted.count)))]
  }

  /// The findings as a document.
  public var json: JSONValue {
    func agreement(_ value: ClassAgreement) -> JSONValue {
      .object([
        "share": .number(value.share), "standard_error": .number(value.standardError),
        "lower": .number(value.interval.lowerBound), "upper": .number(value.interval.upperBound),
      ])
    }
    let steps = agreements.map { row in
      JSONValue.object(["step": .number(Double(row.step)), "phi": agreement(row.clone), "u_turn": agreement(row.turn)])
    }
    let interval = crossing?.interval.map {
      JSONValue.object(["lower": .number($0.lowerBound), "upper": .number($0.upperBound)])
    }
    return .object([
      "steps": .array(steps),
      "pairs": .number(Double(agreements.first?.clone.pairs ?? 0)), "threshold": .number(Self.threshold),
      "crossing": JSONValue(crossing?.step), "crossing_interval": interval ?? .null,
      "largest_rise_in_standard_errors": .number(largestRise),
      "speciation": JSONValue(speciation.map(Double.init)),
      "collapse": JSONValue(collapse.map { Double($0.step) }),
      "collapse_images": JSONValue(collapse.map { Double($0.images) }),
      "decision": .object([
        "median": .number(decision(quantile: 0.5)), "first_tenth": .number(decision(quantile: 0.9)),
        "last_tenth": .number(decision(quantile: 0.1)),
      ]),
      "losses": .array(lossRows.map { .object($0) }),
    ])
  }

  /// The agreements, a row a step.
  public var agreementTable: Table {
    let names = ["step", "phi", "phi_standard_error", "u_turn", "u_turn_standard_error"]
    return Table(
      title: "Clones and U-turns", columns: names.map { .init($0, isNumeric: true) },
      rows: agreements.map { row in
        let numbers = [row.clone.share, row.clone.standardError, row.turn.share, row.turn.standardError]
        return ["\(row.step)"] + numbers.map { String(format: "%.4f", $0) }
      })
  }

  /// The share of samples that are decided, a row a level of the runs.
  public var decisionTable: Table {
    Table(
      title: "Decisions", columns: ["step", "decided"].map { .init($0, isNumeric: true) },
      rows: zip(levels, decided).map { ["\(Int($0))", String(format: "%.4f", $1)] })
  }

  /// The losses with the entropy's rate, the entropy and the rescaled time, a row a level.
  public var lossTable: Table {
    let names = Self.lossNames
    return Table(
      title: "Denoising losses", columns: names.map { .init($0, isNumeric: true) },
      rows: lossRows.map { row in names.map { row[$0]?.double.map { String(format: "%.6g", $0) } ?? "" } })
  }

  private static let lossNames = [
    "step", "sigma", "error", "standard_error", "gaussian_error", "entropy_rate", "entropy", "information",
    "rescaled_time",
    "explained_denoiser", "explained_score",
  ]

  private var lossRows: [[String: JSONValue]] {
    let profile = entropy
    let (rates, entropies, times) = (profile?.rates ?? [], profile?.entropies ?? [], profile?.rescaledTimes ?? [])
    let informations = profile?.informations ?? []
    return losses.enumerated().map { place, loss in
      // Profiles begin with the least noise.
      let back = losses.count - 1 - place
      func number(_ values: [Double]) -> JSONValue { values.indices.contains(back) ? .number(values[back]) : .null }
      return [
        "step": .number(Double(loss.step)), "sigma": .number(loss.karrasSigma), "error": .number(loss.error),
        "standard_error": .number(loss.standardError),
        "gaussian_error": JSONValue(loss.gaussianError),
        "entropy_rate": number(rates), "entropy": number(entropies), "information": number(informations),
        "rescaled_time": number(times),
        "explained_denoiser": JSONValue(loss.explainedDenoiser),
        "explained_score": JSONValue(loss.explainedScore),
      ]
    }
  }
}

// MARK: Pictures

extension DynamicsFindings {
  private var stepAxis: Axis { Axis("training step", isReversed: true) }

  /// `phi` of clones and U-turns with their 95 % intervals.
  public var agreementChart: LineChart {
    func line(_ name: String, _ value: (Agreement) -> ClassAgreement) -> LineChart.Line {
      .init(
        name,
        agreements.map { row in
          let found = value(row)
          return .init(Double(row.step), found.share, interval: found.interval)
        })
    }
    return LineChart(
      title: "When the class is decided",
      description: """
        The share of pairs of samples with one class against the training step at which they part, with 95 % intervals: clones share \
        the noisy state, U-turns noise a finished sample to it.
        """,
      x: stepAxis, y: Axis("share of agreeing pairs", range: 0...1),
      lines: [line("clones") { $0.clone }, line("U-turns") { $0.turn }],
      markers: [
        crossing.map { .init($0.step, "phi = .775") }, speciation.map { .init(Double($0), "speciation") },
        collapse.map { .init(Double($0.step), "collapse") },
      ].compactMap(\.self))
  }

  /// The share of samples whose class no longer changes.
  public var decisionChart: LineChart {
    LineChart(
      title: "Decision times",
      description:
        "The share of samples whose estimate of the clean image no longer changes its class, against the training step.",
      x: stepAxis, y: Axis("share decided", range: 0...1),
      lines: [.init("decided", zip(levels, decided).map { .init($0, $1) })],
      markers: [.init(decision(quantile: 0.5), "median")])
  }

  /// The rate of the entropy, and what the Gaussian explains, in one picture of shares.
  public var lossChart: LineChart {
    let rows = lossRows, largest = rows.compactMap { $0["entropy_rate"]?.double }.max() ?? 1
    func line(_ name: String, _ key: String, over scale: Double = 1) -> LineChart.Line {
      .init(
        name,
        rows.compactMap { row in
          guard let step = row["step"]?.double, let value = row[key]?.double else { return nil }
          return .init(step, value / scale)
        }, hasDots: false)
    }
    var lines = [
      line("entropy rate", "entropy_rate", over: largest), line("denoiser explained", "explained_denoiser"),
      line("score explained", "explained_score"),
    ]
    lines.removeAll { $0.points.isEmpty }
    return LineChart(
      title: "What denoising losses tell",
      description: """
        The rate at which the entropy of the clean image grows with log sigma, as a part of its largest value, and the parts of the model's \
        estimate and score that the Gaussian with the data's moments explains.
        """,
      x: stepAxis, y: Axis("share", range: 0...1), lines: lines)
  }

  /// The agreements with what follows from them, for a terminal.
  public var text: String {
    let place =
      crossing.map { place in
        String(format: "phi passes %.4f at step %.1f", Self.threshold, place.step)
          + (place.interval.map { String(format: " (95 %%: %.1f to %.1f)", $0.lowerBound, $0.upperBound) } ?? "")
      } ?? "phi does not pass \(Self.threshold) between the steps of this study"
    return [
      agreementTable.plainText, "", place,
      String(format: "largest rise of phi: %.1f standard errors", largestRise),
      String(
        format: "decided: a tenth by step %.0f, half by step %.0f, nine tenths by step %.0f", decision(quantile: 0.9),
        decision(quantile: 0.5), decision(quantile: 0.1)),
      speciation.map { "the leading variance alone: speciation at step \($0)" },
      collapse.map { "the exact score of \($0.images) images: collapse at step \($0.step)" },
    ].compactMap(\.self).joined(separator: "\n")
  }
}

extension ClassAgreement {
  /// The 95 % interval of the share (Wilson 1927), which has a width where all pairs agree too.
  var interval: ClosedRange<Double> {
    let square = 1.96 * 1.96 / Double(pairs), centre = (share + square / 2) / (1 + square)
    let half = (share * (1 - share) * square + square * square / 4).squareRoot() / (1 + square)
    return max(0, centre - half)...min(1, centre + half)
  }
}
