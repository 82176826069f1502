import Communication
import Testing

@Suite("Ranks")
struct CollectivesTests {
  @Test("Every rank has the bytes of all, of whatever length, in their order", arguments: [1, 2, 3, 5, 8])
  func gathers(size: Int) throws {
    let expected = (0..<size).map { [UInt8](repeating: UInt8($0), count: 3 * $0 % 7) }
    let results = try ThreadCommunicator.run(size) { ranks in
      (ranks.gathered(expected[ranks.rank]), ranks.gathered([Double(ranks.rank), .infinity]))
    }
    for (bytes, numbers) in results {
      #expect(bytes == expected)
      #expect(numbers == (0..<size).map { [Double($0), .infinity] })
    }
  }

  /// The sum as the tree has it.
  private static func tree(_ values: ArraySlice<[Float]>) -> [Float] {
    guard values.count > 1 else { return values[values.startIndex] }
    let middle = values.startIndex + values.count / 2
    return zip(tree(values[..<middle]), tree(values[middle...])).map { $0 + $1 }
  }

  @Test(
    "Sums are those of a balanced binary tree, bit for bit on every rank", arguments: [1, 2, 4, 8], [0, 1, 2, 7, 100])
  func sums(size: Int, count: Int) throws {
    // Of very different sizes, so that another order would be rounded otherwise.
    let values = (0..<size).map { rank in
      (0..<count).map { (place: Int) -> Float in
        let digits = (rank * 7919 + place * 104_729) % 1009 - 500, power = place * rank % 20
        return Float(digits) * Float(1 << power)
      }
    }
    let results = try ThreadCommunicator.run(size) { ranks in
      var own = values[ranks.rank]
      ranks.sum(&own)
      return own
    }
    let expected = Self.tree(values[...])
    for result in results { #expect(result == expected) }
  }

  @Test("The first rank is brought the numbers of all, one rank after the other", arguments: [1, 2, 3])
  func brings(size: Int) throws {
    let results = try ThreadCommunicator.run(size) { ranks in
      var brought: [(Int, [Float])] = []
      let own = [Float](repeating: Float(ranks.rank), count: 2 * ranks.rank)
      ranks.bringToRoot(own, counts: (0..<ranks.size).map { 2 * $0 }) { brought.append(($0, $1)) }
      return brought
    }
    #expect(results[0].map(\.0) == Array(0..<size))
    #expect(results[0].map(\.1) == (0..<size).map { [Float](repeating: Float($0), count: 2 * $0) })
    for result in results.dropFirst() { #expect(result.isEmpty) }
  }

  @Test("What a rank throws is thrown")
  func throwing() {
    struct Fault: Error {}
    #expect(throws: Fault.self) { try ThreadCommunicator.run(2) { _ in throw Fault() } }
  }
}
