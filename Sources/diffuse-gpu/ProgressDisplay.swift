import Foundation

/// Progress on standard error: a bar with rate and time left on a terminal, a plain line now and then elsewhere.
final class ProgressDisplay {
  private let total: Int
  private let unit: String
  private let isQuiet: Bool
  private let isTerminal = isatty(STDERR_FILENO) == 1
  private let start = ContinuousClock.now
  private var lastShown: ContinuousClock.Instant?

  /// A display for `total` units of work.
  init(total: Int, unit: String, quiet: Bool) {
    self.total = total
    self.unit = unit
    self.isQuiet = quiet
  }

  /// Shows how much is done; drawing is limited to ten times a second on a terminal, once in five seconds elsewhere.
  func update(_ done: Int) {
    guard !isQuiet else { return }
    let now = ContinuousClock.now
    let pause: Duration = isTerminal ? .milliseconds(100) : .seconds(5)
    if done < total, let lastShown, now - lastShown < pause { return }
    if !isTerminal, done < total, lastShown == nil, now - start < pause { return }
    lastShown = now
    let elapsed = seconds(now - start)
    let rate = elapsed > 0 ? Double(done) / elapsed : 0
    let left = rate > 0 ? Double(total - done) / rate : 0
    let numbers = "\(done)/\(total) \(unit), \(decimal(rate)) a second, \(clock(left)) left"
    if isTerminal {
      let filled = total > 0 ? 24 * done / total : 24
      let bar = String(repeating: "#", count: filled) + String(repeating: ".", count: 24 - filled)
      write("\r\u{1B}[K[\(bar)] \(numbers)" + (done == total ? "\n" : ""))
    } else {
      write(numbers + "\n")
    }
  }

  private func write(_ text: String) {
    StandardStream.error.offer(text)
  }

  private func seconds(_ duration: Duration) -> Double {
    Double(duration.components.seconds) + Double(duration.components.attoseconds) * 1e-18
  }

  private func decimal(_ value: Double) -> String {
    String(format: value < 10 ? "%.2f" : "%.0f", value)
  }

  private func clock(_ seconds: Double) -> String {
    let whole = Int(seconds.rounded())
    return whole < 3600
      ? String(format: "%d:%02d", whole / 60, whole % 60)
      : String(format: "%d:%02d:%02d", whole / 3600, whole / 60 % 60, whole % 60)
  }
}
