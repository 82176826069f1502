extension Communicator {
  /// Whether this process is the one that writes files and speaks to the user.
  public var isRoot: Bool { rank == 0 }

  /// The bytes of every rank, in the order of ranks, on every rank; lengths may differ.
  ///
  /// Passes blocks around a ring: `size - 1` messages a rank, each block once.
  public func gathered(_ bytes: [UInt8]) -> [[UInt8]] {
    guard size > 1 else { return [bytes] }
    let own = withUnsafeBytes(of: UInt64(bytes.count)) { [UInt8]($0) }
    let lengths = passedAround(own, lengths: .init(repeating: own.count, count: size)).map { length in
      length.withUnsafeBytes { Int($0.loadUnaligned(as: UInt64.self)) }
    }
    return passedAround(bytes, lengths: lengths)
  }

  /// The numbers of every rank, in the order of ranks.
  public func gathered(_ numbers: [Double]) -> [[Double]] {
    gathered(numbers.withUnsafeBytes { [UInt8]($0) }).map { bytes in
      bytes.withUnsafeBytes { bytes in
        (0..<bytes.count / 8).map { bytes.loadUnaligned(fromByteOffset: $0 * 8, as: Double.self) }
      }
    }
  }

  /// Brings the numbers of every rank to the first, one rank after the other.
  ///
  /// - Parameters:
  ///   - values: This rank's.
  ///   - counts: How many each rank has.
  ///   - body: Called on the first rank with each rank and its numbers, in their order.
  public func bringToRoot(_ values: [Float], counts: [Int], _ body: (Int, [Float]) throws -> Void) rethrows {
    guard isRoot else {
      values.withUnsafeBytes {
        exchangeInMessages($0, to: 0, .init(start: nil, count: 0), from: 0, longest: $0.count)
      }
      return
    }
    try body(0, values)
    for source in 1..<size {
      try body(source, exchanged([], with: source, count: counts[source]))
    }
  }

  /// Waits until every rank has come here.
  public func wait() { _ = gathered([UInt8]()) }

  /// Adds the numbers of all ranks, in a balanced binary tree over their numbers: `((0 + 1) + (2 + 3)) + ...`.
  ///
  /// Halves of ever smaller parts are exchanged with ever farther ranks and added, and the sums come back the same way (Thakur,
  /// Rabenseifner and Gropp 2005, section 4.4): `2 (size - 1) / size` times the numbers leave a rank.
  ///
  /// - Parameter values: As many on every rank; the sums afterwards, the same bits everywhere. There are 2, 4, 8, ... ranks.
  public func sum(_ values: inout [Float]) {
    precondition(size & (size - 1) == 0, "a tree over \(size) ranks is not balanced")
    var owned = 0..<values.count, halves: [(kept: Range<Int>, sent: Range<Int>)] = []
    var distance = 1
    while distance < size {
      let middle = owned.lowerBound + owned.count / 2
      let (low, high) = (owned.lowerBound..<middle, middle..<owned.upperBound)
      let (kept, sent) = rank & distance == 0 ? (low, high) : (high, low)
      let others = exchanged(values[sent], with: rank ^ distance, count: kept.count)
      // The sum of two numbers does not depend on their order, so lower and higher rank have the same bits.
      values.withUnsafeMutableBufferPointer { values in
        for (place, other) in zip(kept, others) { values[place] += other }
      }
      halves.append((kept, sent))
      owned = kept
      distance *= 2
    }
    for (kept, sent) in halves.reversed() {
      distance /= 2
      values.replaceSubrange(sent, with: exchanged(values[kept], with: rank ^ distance, count: sent.count))
    }
  }

  /// Sends numbers to a rank and takes as many as it sends.
  private func exchanged(_ values: ArraySlice<Float>, with other: Int, count: Int) -> [Float] {
    [Float](unsafeUninitializedCapacity: count) { result, filled in
      values.withUnsafeBytes { sent in
        exchangeInMessages(sent, to: other, .init(result), from: other, longest: max(sent.count, 4 * count))
      }
      filled = count
    }
  }

  private func passedAround(_ bytes: [UInt8], lengths: [Int]) -> [[UInt8]] {
    var blocks = lengths.map { [UInt8](repeating: 0, count: $0) }
    blocks[rank] = bytes
    let (next, previous) = ((rank + 1) % size, (rank + size - 1) % size), longest = lengths.max() ?? 0
    for step in 0..<size - 1 {
      let leaving = blocks[(rank + size - step) % size], arriving = (previous + size - step) % size
      leaving.withUnsafeBytes { sent in
        blocks[arriving].withUnsafeMutableBytes {
          exchangeInMessages(sent, to: next, $0, from: previous, longest: longest)
        }
      }
    }
    return blocks
  }

  /// Cuts what is too long for one message; both sides know how long the longest of all is, and so how many messages there are.
  private func exchangeInMessages(
    _ sent: UnsafeRawBufferPointer, to target: Int, _ received: UnsafeMutableRawBufferPointer, from source: Int,
    longest: Int
  ) {
    for start in stride(from: 0, to: max(longest, 1), by: largestMessage) {
      exchange(
        .init(rebasing: sent[min(start, sent.count)..<min(start + largestMessage, sent.count)]), to: target,
        .init(rebasing: received[min(start, received.count)..<min(start + largestMessage, received.count)]),
        from: source)
    }
  }
}
