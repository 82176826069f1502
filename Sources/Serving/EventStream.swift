import Files
import FlyingFox
import FlyingSocks
import Foundation

/// The events of a run in the form of server-sent events, newest state only.
struct EventStream: AsyncBufferedSequence {
  typealias Element = UInt8

  let queue: JobQueue
  let job: Int
  /// The last event that the listener knows.
  let known: Int

  func makeAsyncIterator() -> Iterator { Iterator(listener: Listener(queue, job), known: known) }

  struct Iterator: AsyncBufferedIteratorProtocol {
    fileprivate let listener: Listener
    fileprivate var known: Int

    mutating func nextBuffer(suggested count: Int) async throws -> [UInt8]? {
      switch await listener.queue.news(of: listener.job, after: known) {
      case .event(let event):
        known = event.number
        return Array("id: \(event.number)\nevent: \(event.name)\ndata: \(event.json.line)\n\n".utf8)
      // A comment, by whose failure the server learns that nobody listens.
      case .nothing: return Array(":\n\n".utf8)
      case .end: return nil
      }
    }

    mutating func next() async throws -> UInt8? {
      preconditionFailure("bodies are sent by the buffer")
    }
  }

  /// Counts itself out when the connection is gone and with it the iterator.
  fileprivate final class Listener: Sendable {
    let queue: JobQueue
    let job: Int

    init(_ queue: JobQueue, _ job: Int) { (self.queue, self.job) = (queue, job) }

    deinit { Task { [queue, job] in await queue.leave(job) } }
  }
}
