import Evaluation
public import Files
import Models
import Pipelines
import SymmetryBreaking

/// Everything that a reproduction found.
public struct ReproductionFindings: Sendable {
  /// A grid of pictures.
  public struct Grid: Sendable, Hashable {
    /// The cell of the scan whose first samples it shows, or nil for real images.
    public let cell: ScanCell?
    /// Images.
    public let count: Int
    /// The PNG file.
    public let png: [UInt8]
    /// Its columns.
    public let width: Int
    /// Its rows.
    public let height: Int
    /// What its file is called, without the ending.
    var name: String { cell?.name ?? "real" }

    /// A grid from its parts.
    package init(cell: ScanCell?, count: Int, png: [UInt8], width: Int, height: Int) {
      (self.cell, self.count, self.png, self.width, self.height) = (cell, count, png, width, height)
    }
  }

  /// The fit of the start.
  public let fit: LateStartReport
  /// The scan of late starts.
  public let scan: ScanFindings
  /// The starts that the fit proposes, beside the scan's best.
  public let starts: [AutomaticStart]
  /// The order parameter.
  public let network: NetworkFindings
  /// The potential between samples.
  public let potential: PotentialFindings
  /// Clones, U-turns and decisions.
  public let dynamics: DynamicsFindings
  /// Real images first, then samples from the prior and late, by the number of steps.
  public let pictures: [Grid]

  /// Findings from their parts.
  package init(
    fit: LateStartReport, scan: ScanFindings, starts: [AutomaticStart], network: NetworkFindings,
    potential: PotentialFindings, dynamics: DynamicsFindings, pictures: [Grid]
  ) {
    (self.fit, self.scan, self.starts, self.network) = (fit, scan, starts, network)
    (self.potential, self.dynamics, self.pictures) = (potential, dynamics, pictures)
  }

  /// What matters most as a document: the best late start beside the prior for every sampler and number of steps, the starts that the
  /// fit proposes, and the steps at which symmetry breaks by each measure.
  public var json: JSONValue {
    let pairs = scan.steps.flatMap { steps in scan.samplers.map { ($0, steps) } }
    let late = pairs.compactMap { sampler, steps -> JSONValue? in
      guard let best = scan.best(sampler, steps, .gaussian) else { return nil }
      var members = best.json
      if let prior = scan.prior(sampler, steps) { members["prior"] = .object(prior.json) }
      return .object(members)
    }
    let automatic = starts.map { start in
      JSONValue.object(
        start.result.json.merging([
          "start_interval": JSONValue([
            Double(start.choice.interval.lowerBound), Double(start.choice.interval.upperBound),
          ]),
          "best": .object(start.best.json), "ratio": .number(start.ratio), "within": .boolean(start.isClose),
        ]) { $1 })
    }
    return .object([
      "late_starts": .array(late), "automatic_starts": .array(automatic),
      "real": .object(scan.real.distance.members("distance")),
      "gaussian": .object(scan.gaussian.distance.members("distance")),
      "crossover": JSONValue(fit.times.crossover.map(Double.init)),
      "crossing": JSONValue(network.crossing?.step), "crossing_spread": network.crossing?.json ?? .null,
      "phi_crossing": JSONValue(dynamics.crossing?.step),
      "decision_median": .number(dynamics.decision(quantile: 0.5)),
    ])
  }
}

extension ScanResult {
  /// The result by name, with the interval of the distance.
  fileprivate var json: [String: JSONValue] {
    measures.distance.members("distance").merging([
      "sampler": .string(cell.sampler), "steps": .number(Double(cell.steps)),
      "start": JSONValue(cell.start.map(Double.init)), "evaluations": .number(Double(evaluations)),
    ]) { $1 }
  }
}
