import DiffuseGPU
import Foundation

/// Progress of a training on standard error.
final class TrainingDisplay {
  private let console: Console
  private let isTerminal = isatty(STDERR_FILENO) == 1
  private var lastShown: ContinuousClock.Instant?
  private var shares: [Double] = []

  init(_ console: Console) {
    self.console = console
  }

  func update(_ progress: TrainingPipeline.Progress, of steps: Int) {
    guard !console.isQuiet else { return }
    warn(progress)
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

  /// Tells once that ranks spend much of their time on each other: the median of the first steps, without the very first.
  private func warn(_ progress: TrainingPipeline.Progress) {
    guard shares.count < 11, progress.report.exchangeSeconds > 0 else { return }
    shares.append(progress.report.exchangeSeconds / progress.secondsPerStep)
    guard shares.count == 11 else { return }
    let share = shares.dropFirst().sorted()[5]
    guard share > 0.3 else { return }
    console.note(
      "ranks exchange gradients and wait for each other for \(Int(share * 100)) % of a step; fewer ranks, a larger batch or a faster "
        + "network would be used better")
  }
}
