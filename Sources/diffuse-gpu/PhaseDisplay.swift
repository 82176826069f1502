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
