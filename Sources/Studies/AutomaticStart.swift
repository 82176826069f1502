import Diffusion
import Evaluation
import Models
import Pipelines
public import SymmetryBreaking

/// The start that a fit proposes, drawn like a cell of a scan, beside the best late start that the scan found.
public struct AutomaticStart: Sendable, Hashable {
  /// What the fit proposes, and the starts that cost it at most a tenth more.
  public let choice: StartTime.Choice
  /// What is drawn from there.
  public let result: ScanResult
  /// The late start of least distance in the scan, of the same sampler, steps and kind.
  public let best: ScanResult

  /// A start from its parts.
  package init(choice: StartTime.Choice, result: ScanResult, best: ScanResult) {
    (self.choice, self.result, self.best) = (choice, result, best)
  }

  /// How much further from the data than the scan's best is still as good.
  public static let tolerance = 0.15

  /// The distance over that of the scan's best.
  public var ratio: Double { result.measures.distance.value / best.measures.distance.value }

  /// Whether the distance is at most ``tolerance`` above that of the scan's best.
  public var isClose: Bool { ratio <= 1 + Self.tolerance }
}

extension LateStartScan {
  /// Draws and measures from the starts that a fit proposes, for every sampler and number of steps that has one.
  ///
  /// - Returns: The starts, or nil if the scan was stopped.
  func automaticStarts(
    _ times: StartTime, _ findings: ScanFindings, shouldStop: () -> Bool, progress: (Progress) -> Void
  ) throws -> [AutomaticStart]? {
    var chosen: [(cell: ScanCell, choice: StartTime.Choice, best: ScanResult)] = []
    for sampler in findings.samplers {
      for steps in findings.steps {
        let sampling = try settings.sampling(ScanCell(sampler: sampler, steps: steps))
        let scheduler = try model.scheduler(sampling.sampler, sampling.options, clipSample: sampling.clipSample)
          .scheduler
        guard let choice = times.choice(steps: steps, scheduler), let best = findings.best(sampler, steps, .gaussian)
        else { continue }
        chosen.append((ScanCell(sampler: sampler, steps: steps, start: choice.start, kind: .gaussian), choice, best))
      }
    }
    guard let results = try results(of: chosen.map(\.cell), shouldStop: shouldStop, progress: progress) else {
      return nil
    }
    return zip(chosen, results).map { AutomaticStart(choice: $0.choice, result: $1, best: $0.best) }
  }
}
