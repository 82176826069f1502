import Pipelines
import Testing

@Suite("Shards")
struct ShardTests {
  @Test("Parts cover every list without a gap, in lengths that differ by at most one", arguments: [1, 2, 3, 7, 64])
  func cover(count: Int) {
    for total in [0, 1, 5, 7, 100, 10_000_000, .max] {
      let ranges = (0..<count).map { Shard(index: $0, count: count).range(of: total) }
      #expect(ranges.first?.lowerBound == 0 && ranges.last?.upperBound == total)
      #expect(zip(ranges, ranges.dropFirst()).allSatisfy { $0.upperBound == $1.lowerBound })
      let lengths = ranges.map(\.count)
      #expect((lengths.max() ?? 0) - (lengths.min() ?? 0) <= 1)
    }
  }

  @Test("Text there and back, and the names of files")
  func text() {
    #expect(Shard("2/7") == Shard(index: 2, count: 7))
    #expect(Shard(index: 2, count: 7).description == "2/7")
    #expect(["7/7", "-1/7", "", "/", "1/", "1/2/3", "1/9999999", "x/2"].allSatisfy { Shard($0) == nil })
    #expect(Shard(index: 0, count: 3).path(of: "a/out.npz") == "a/out.part-0-of-3.npz")
    #expect(["scan", "scan/"].allSatisfy { Shard(index: 1, count: 3).path(of: $0) == "scan.part-1-of-3" })
  }
}
