import Foundation

/// Batches between the thread that makes them and the one that takes them, a few at most.
final class BatchQueue: @unchecked Sendable {
  private let capacity: Int

  // Guarded by `condition`.
  private let condition = NSCondition()
  private var ready: [TrainingBatch] = []
  private var isEnded = false

  /// An empty queue that holds `capacity` batches.
  init(capacity: Int) {
    self.capacity = capacity
  }

  /// Adds a batch as soon as there is room for it; false at the end.
  func append(_ batch: TrainingBatch) -> Bool {
    condition.lock()
    defer { condition.unlock() }
    while ready.count >= capacity, !isEnded { condition.wait() }
    guard !isEnded else { return false }
    ready.append(batch)
    condition.broadcast()
    return true
  }

  /// Takes the oldest batch as soon as there is one; nil at the end.
  func next() -> TrainingBatch? {
    condition.lock()
    defer { condition.unlock() }
    while ready.isEmpty, !isEnded { condition.wait() }
    guard !isEnded else { return nil }
    condition.broadcast()
    return ready.removeFirst()
  }

  /// Ends both sides, those that wait included.
  func end() {
    condition.lock()
    defer { condition.unlock() }
    isEnded = true
    ready.removeAll()
    condition.broadcast()
  }
}
