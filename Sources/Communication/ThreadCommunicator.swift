import Foundation

/// Ranks that are threads of one process; for tests of what runs on several.
public final class ThreadCommunicator: Communicator {
  /// The number of this thread.
  public let rank: Int
  /// The number of threads.
  public var size: Int { mail.size }
  /// Memory.
  public let name = "threads"

  private let mail: Mail

  private init(rank: Int, _ mail: Mail) {
    self.rank = rank
    self.mail = mail
  }

  /// Runs a body once for each rank, each on a thread of its own, and returns what they made, in the order of ranks.
  ///
  /// - Throws: The error of the lowest rank that threw; a rank that waits for one that has ended waits for ever, so all throw or none.
  public static func run<Result: Sendable>(
    _ size: Int, _ body: @escaping @Sendable (any Communicator) throws -> Result
  ) throws -> [Result] {
    let mail = Mail(size: size), results = Results<Result>(size)
    let threads = (0..<size).map { rank in
      let thread = Thread { results.set(rank, .init { try body(ThreadCommunicator(rank: rank, mail)) }) }
      thread.stackSize = 16 << 20
      return thread
    }
    for thread in threads { thread.start() }
    return try results.wait().map { try $0.get() }
  }

  /// Puts the bytes into the other's letter box and waits for its own.
  public func exchange(
    _ sent: UnsafeRawBufferPointer, to target: Int, _ received: UnsafeMutableRawBufferPointer, from source: Int
  ) {
    mail.put([UInt8](sent), from: rank, to: target)
    let letter = mail.take(from: source, to: rank)
    precondition(letter.count == received.count, "\(letter.count) bytes came, \(received.count) were awaited")
    received.copyBytes(from: letter)
  }
}

/// Letters from each thread to each, in the order in which they were sent.
private final class Mail: @unchecked Sendable {
  let size: Int

  private let condition = NSCondition()
  private var letters: [[[UInt8]]]

  init(size: Int) {
    self.size = size
    letters = .init(repeating: [], count: size * size)
  }

  func put(_ letter: [UInt8], from source: Int, to target: Int) {
    condition.withLock {
      letters[source * size + target].append(letter)
      condition.broadcast()
    }
  }

  func take(from source: Int, to target: Int) -> [UInt8] {
    condition.withLock {
      while letters[source * size + target].isEmpty { condition.wait() }
      return letters[source * size + target].removeFirst()
    }
  }
}

/// What threads made.
private final class Results<Value>: @unchecked Sendable {
  private let condition = NSCondition()
  private var values: [Result<Value, any Error>?]

  init(_ count: Int) { values = .init(repeating: nil, count: count) }

  func set(_ place: Int, _ value: Result<Value, any Error>) {
    condition.withLock {
      values[place] = value
      condition.broadcast()
    }
  }

  func wait() -> [Result<Value, any Error>] {
    condition.withLock {
      while values.contains(where: { $0 == nil }) { condition.wait() }
      return values.compactMap { $0 }
    }
  }
}
