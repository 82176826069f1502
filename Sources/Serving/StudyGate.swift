import Foundation

/// Holds studies in the background up while somebody waits for samples.
///
/// Studies run on a thread and a backend of their own, and ask before every evaluation.
final class StudyGate: Sendable {
  private nonisolated(unsafe) let condition = NSCondition()
  // Under the condition's lock.
  private nonisolated(unsafe) var runs = 0
  private nonisolated(unsafe) var isShut = false

  /// Waits until no run is under way; false if studies are to end.
  func pass() -> Bool {
    condition.withLock {
      while runs > 0 && !isShut { condition.wait() }
      return !isShut
    }
  }

  /// Says that a run begins.
  func enter() { condition.withLock { runs += 1 } }

  /// Says that a run is over.
  func leave() {
    condition.withLock {
      runs -= 1
      condition.broadcast()
    }
  }

  /// Ends all studies.
  func shut() {
    condition.withLock {
      isShut = true
      condition.broadcast()
    }
  }
}
