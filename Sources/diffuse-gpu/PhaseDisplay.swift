import ArgumentParser

/// The progress of work in several parts, each of which is announced and has a display of its own.
final class PhaseDisplay {
  private let unit: String
  private let console: Console
  private var phase = ""
  private var display: ProgressDisplay?

  /// A display of work in some unit.
  init(unit: String, _ console: Console) {
    self.unit = unit
    self.console = console
  }

  /// Shows how much of a part is done.
  func update(_ phase: String, _ done: Int, _ total: Int) {
    if phase != self.phase {
      self.phase = phase
      console.note(phase)
      display = ProgressDisplay(total: total, unit: unit, quiet: console.isQuiet)
    }
    display?.update(done)
  }
}

/// Runs a study with a display of each of its parts.
///
/// - Parameters:
///   - unit: What is counted.
///   - console: Where the displays are.
///   - run: The study; nil if it was stopped.
/// - Throws: The exit status of a run that was interrupted, or an error of the study.
func runStudy<Findings>(
  unit: String = "evaluations", _ console: Console,
  _ run: (_ shouldStop: @escaping () -> Bool, _ progress: @escaping (String, Int, Int) -> Void) throws -> Findings?
) throws -> Findings {
  let display = PhaseDisplay(unit: unit, console)
  Interruption.listen()
  guard let findings = try run({ Interruption.isRequested }, display.update) else {
    console.note("stopped; the same command goes on")
    throw ExitCode(130)
  }
  return findings
}
