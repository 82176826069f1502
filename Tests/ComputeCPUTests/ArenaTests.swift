import ComputeCPU
import Testing

@Suite("The arena of passing blocks")
struct ArenaTests {
  let page = Arena.pageBytes

  @Test("Neighbours are joined, so that many small blocks' room serves a large one")
  func joins() throws {
    let arena = try #require(Arena(reserving: 100 * page))
    let blocks = try (0..<10).map { _ in try #require(arena.allocate(page)) }
    #expect(arena.residentBytes == 10 * page)
    for index in [3, 1, 2, 0, 9, 5, 7, 6, 8, 4] { arena.release(blocks[index], page) }
    #expect(arena.growth(for: 10 * page) == 0 && arena.growth(for: 11 * page) == page)
    #expect(arena.allocate(10 * page) == blocks[0])
    #expect(arena.residentBytes == 10 * page)
  }

  @Test("The smallest range that holds a request serves it")
  func bestFit() throws {
    let arena = try #require(Arena(reserving: 100 * page))
    let large = try #require(arena.allocate(5 * page)), first = try #require(arena.allocate(page))
    let small = try #require(arena.allocate(2 * page)), second = try #require(arena.allocate(page))
    arena.release(large, 5 * page)
    arena.release(small, 2 * page)
    #expect(arena.allocate(2 * page) == small)
    #expect(arena.allocate(page) == large)
    #expect(first < second)
  }

  @Test("What is given back to the system counts again when it is used again")
  func trims() throws {
    let arena = try #require(Arena(reserving: 100 * page))
    let block = try #require(arena.allocate(4 * page)), other = try #require(arena.allocate(page))
    block.storeBytes(of: 7, as: Int.self)
    arena.release(block, 4 * page)
    #expect(arena.residentBytes == 5 * page)
    arena.trim()
    #expect(arena.residentBytes == page && arena.growth(for: 3 * page) == 3 * page)
    let again = try #require(arena.allocate(3 * page))
    #expect(again == block && again.load(as: Int.self) == 0 && arena.residentBytes == 4 * page)
    arena.release(again, 3 * page)
    arena.release(other, page)
    arena.trim()
    #expect(arena.residentBytes == 0)
  }

  @Test("A request beyond the reserved addresses is refused and changes nothing")
  func refuses() throws {
    let arena = try #require(Arena(reserving: 10 * page))
    let block = try #require(arena.allocate(6 * page))
    #expect(arena.allocate(5 * page) == nil && arena.residentBytes == 6 * page)
    arena.release(block, 6 * page)
    #expect(arena.allocate(10 * page) == block)
  }

  @Test("Over any sequence blocks stay apart, keep what is written, and the books balance", arguments: 0..<20)
  func anySequence(seed: UInt64) throws {
    let arena = try #require(Arena(reserving: 4000 * page))
    var state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 1
    func random(_ bound: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int((state >> 33) % UInt64(bound))
    }
    var live: [(block: UnsafeMutableRawPointer, pages: Int, mark: Int)] = []
    for step in 0..<600 {
      if random(40) == 0 {
        arena.trim()
        #expect(arena.residentBytes == live.reduce(0) { $0 + $1.pages * page })
      }
      if live.count < 30, random(2) == 0 {
        let pages = 1 + random(30), before = arena.residentBytes, growth = arena.growth(for: pages * page)
        let block = try #require(arena.allocate(pages * page))
        #expect(arena.residentBytes == before + growth)
        for other in live {
          #expect(block + pages * page <= other.block || other.block + other.pages * page <= block)
        }
        for place in 0..<pages { block.storeBytes(of: step, toByteOffset: place * page, as: Int.self) }
        live.append((block, pages, step))
      } else if !live.isEmpty {
        let (block, pages, mark) = live.remove(at: random(live.count))
        for place in 0..<pages { #expect(block.load(fromByteOffset: place * page, as: Int.self) == mark) }
        arena.release(block, pages * page)
      }
    }
    #expect(arena.residentBytes >= live.reduce(0) { $0 + $1.pages * page })
  }
}
