import DiffuseGPU
import Testing
import diffuse_gpu

@Suite("What is typed: seeds and amounts of memory")
struct TypedValueTests {
  @Test("Numbers and ranges are read in order, both ends counting")
  func lists() throws {
    #expect(try SeedList.seeds(in: "0-3,100,7") == [0, 1, 2, 3, 100, 7])
    #expect(try SeedList.seeds(in: "18446744073709551615") == [.max])
    #expect(try SeedList.seeds(from: 5, count: 3) == [5, 6, 7])
  }

  @Test(
    "Whatever else is typed is an error that quotes it",
    arguments: ["", "a", "1-", "-1", "3-1", "1-2-3", "0-3,2", "5-9,0-5", "1,,2", "0-99999999999", "0-9999999,10000000"])
  func badLists(text: String) throws {
    let error = #expect(throws: CommandError.self) { try SeedList.seeds(in: text) }
    #expect(error?.description.contains("--seeds '\(text)'") == true)
  }

  @Test("Counts that make no sense are errors")
  func badCounts() {
    #expect(throws: CommandError.self) { try SeedList.seeds(from: 0, count: 0) }
    #expect(throws: CommandError.self) { try SeedList.seeds(from: .max, count: 2) }
  }

  @Test(
    "Amounts of memory are read with their units",
    arguments: [("800", 800), ("512MB", 512_000_000), ("1.5GiB", 1_610_612_736), ("2 gb", 2_000_000_000)])
  func sizes(text: String, bytes: Int) throws {
    #expect(try MemorySize(text).bytes == bytes)
  }

  @Test("Amounts that are none are errors", arguments: ["", "MB", "-1GB", "12XB", "1e400", "0"])
  func badSizes(text: String) {
    #expect(throws: CommandError.self) { try MemorySize(text) }
  }
}
