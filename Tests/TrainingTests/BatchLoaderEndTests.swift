import Datasets
import Dispatch
import Foundation
import Testing

@Suite("The end of a loader of batches")
struct BatchLoaderEndTests {
  /// Whether something is done in time, on a thread of its own so that it cannot hang the tests.
  private func isDone(within seconds: Double = 20, _ body: @escaping @Sendable () -> Void) -> Bool {
    let done = DispatchSemaphore(value: 0)
    Thread.detachNewThread {
      body()
      done.signal()
    }
    return done.wait(timeout: .now() + seconds) == .success
  }

  @Test("There is no batch after the end, and asking for one does not wait")
  func afterEnd() throws {
    let loader = BatchLoader(try ImageSet(WaveSource(count: 10)), batch: 4, seed: 1)
    #expect(loader.next() != nil)
    loader.end()
    #expect(isDone { for _ in 0..<10 where loader.next() != nil { Issue.record("a batch after the end") } })
  }

  @Test("The end wakes whoever waits for a batch")
  func wakes() throws {
    // Taking a batch is so much faster than making it that the loop waits nearly all of the time.
    let loader = BatchLoader(try ImageSet(WaveSource(count: 10)), batch: 2000, seed: 1)
    let isWoken = isDone {
      Thread.detachNewThread {
        Thread.sleep(forTimeInterval: 0.1)
        loader.end()
      }
      while loader.next() != nil {}
    }
    #expect(isWoken)
  }

  @Test("A loader that is dropped without an end is freed, and so is what its thread holds")
  func dropped() throws {
    weak var data: ImageSet?
    weak var loader: BatchLoader?
    do {
      let made = BatchLoader(try ImageSet(WaveSource(count: 10)), batch: 4, seed: 1)
      (data, loader) = (made.data, made)
      #expect(made.next() != nil)
      // Time for the thread to make all batches that it may and to wait.
      withExtendedLifetime(made) { Thread.sleep(forTimeInterval: 0.2) }
    }
    #expect(loader == nil)
    let limit = Date(timeIntervalSinceNow: 20)
    while data != nil, Date() < limit { Thread.sleep(forTimeInterval: 0.01) }
    #expect(data == nil, "the thread goes on")
  }
}
