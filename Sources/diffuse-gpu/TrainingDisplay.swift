import DiffuseGPU
import Foundation

/// Progress of a training on standard error.
final class TrainingDisplay {
  private let console: Console
  private let isTerminal = isatty(STDERR_FILENO) == 1
  private var lastShown: ContinuousClock.Instant?

  init(_ console: Console) {
    self.console = console
  }

  func update(_ progress: TrainingPipeline.Progress, of steps: Int) {
    guard !console.isQuiet else { return }
    let now = ContinuousClock.now, step = progress.report.step
    if step < steps, let lastShown, now - lastShown < (isTerminal ? .milliseconds(200) : .seconds(30)) { return }
    lastShown = now
    let left = Double(steps - step) * progress.secondsPerStep
    let line =
      "step \(step)/\(steps), loss \(rounded(progress.smoothedLoss, digits: 5)), "
      + "\(rounded(progress.imagesPerSecond, digits: 0)) images/s, \(Int(left / 60)) min left"
    let text = isTerminal ? "\r\u{1B}[K\(line)" + (step == steps ? "\n" : "") : line + "\n"
    StandardStream.error.offer(text)
  }
}
