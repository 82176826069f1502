import Foundation

/// Holds studies in the background up while somebody waits for samples.
///
/// Studies run on a thread and a backend of their own, and ask before every evaluation.
package final class StudyGate: Sendable {
  private let condition = NSCondition()
  // Under the condition's lock.
  private nonisolated(unsafe) var runs = 0
  private nonisolated(unsafe) var isShut = false

  package init() {}

  /// Waits until no run is under way; false if studies are to end.
  package func pass() -> Bool {
    condition.withLock {
      while runs > 0 && !isShut { condition.wait() }
      return !isShut
    }
  }

  /// Says that a run begins.
  package func enter() { condition.withLock { runs += 1 } }

  /// Says that a run is over.
  package func leave() {
    condition.withLock {
      runs -= 1
      condition.broadcast()
    }
  }

  /// Ends all studies.
  package func shut() {
    condition.withLock {
      isShut = true
      condition.broadcast()
    }
  }
}
