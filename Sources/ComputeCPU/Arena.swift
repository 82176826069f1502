import Glibc

/// A range of addresses out of which blocks are taken and to which they return.
///
/// A network's temporaries come and go in an order close to that of a stack, and in sizes that differ by the square of the
/// resolution: what is free is one sorted list of ranges, neighbours are joined, and a request takes the smallest range that
/// holds it. So a large block's room serves small ones later, which a pool keyed by size cannot offer. Addresses are
/// reserved once; memory is the system's until it is first written.
package final class Arena {
  /// Free bytes that lie one after the other.
  private struct Range {
    var start: Int
    var count: Int
    /// Whether the system counts them as in use.
    var isResident: Bool

    var end: Int { start + count }
  }

  /// All blocks are whole pages.
  package static let pageBytes = 4096

  /// Bytes of blocks and of free ranges that have not been given back to the system.
  package private(set) var residentBytes = 0

  private let base: UnsafeMutableRawPointer
  private let reserved: Int
  /// Everything from here on has never been used.
  private var top = 0
  /// Sorted; no two touch.
  private var free: [Range] = []

  /// An arena of at most `bytes` bytes of addresses, or fewer if the system has no more; nil if it has none.
  package init?(reserving bytes: Int) {
    var reserved = (max(bytes, Self.pageBytes) + Self.pageBytes - 1) / Self.pageBytes * Self.pageBytes
    while reserved >= Self.pageBytes {
      let base = mmap(nil, reserved, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
      if let base, base != MAP_FAILED {
        self.base = base
        self.reserved = reserved
        return
      }
      reserved = reserved / 2 / Self.pageBytes * Self.pageBytes
    }
    return nil
  }

  deinit {
    munmap(base, reserved)
  }

  /// Bytes by which a block of `bytes` would let ``residentBytes`` grow.
  package func growth(for bytes: Int) -> Int {
    guard let index = bestFit(bytes) else { return bytes - (residentTail?.count ?? 0) }
    return free[index].isResident ? 0 : bytes
  }

  /// A block of whole pages, or nil if there are neither addresses nor memory.
  package func allocate(_ bytes: Int) -> UnsafeMutableRawPointer? {
    guard let index = bestFit(bytes) ?? extend(for: bytes) else { return nil }
    let range = free[index]
    if !range.isResident { residentBytes += bytes }
    free[index].start += bytes
    free[index].count -= bytes
    if free[index].count == 0 { free.remove(at: index) }
    return base + range.start
  }

  /// Takes a block back.
  package func release(_ block: UnsafeMutableRawPointer, _ bytes: Int) {
    insert(.init(start: block - base, count: bytes, isResident: true))
  }

  /// Gives the memory of free ranges back to the system.
  package func trim() {
    for index in free.indices where free[index].isResident {
      madvise(base + free[index].start, free[index].count, MADV_DONTNEED)
      residentBytes -= free[index].count
      free[index].isResident = false
    }
  }

  private func bestFit(_ bytes: Int) -> Int? {
    free.indices.filter { free[$0].count >= bytes }.min { free[$0].count < free[$1].count }
  }

  /// The free range that ends where nothing has been used yet.
  private var tail: Range? { free.last.flatMap { $0.end == top ? $0 : nil } }

  private var residentTail: Range? { tail.flatMap { $0.isResident ? $0 : nil } }

  /// Moves the end of what is used so that the last free range holds `bytes`; its place in the list.
  private func extend(for bytes: Int) -> Int? {
    let start = tail?.start ?? top, end = start + bytes
    guard end <= reserved, mprotect(base + top, end - top, PROT_READ | PROT_WRITE) == 0 else { return nil }
    let isResident = residentTail != nil
    if isResident { residentBytes += end - top }
    if tail != nil { free.removeLast() }
    free.append(.init(start: start, count: bytes, isResident: isResident))
    top = end
    return free.count - 1
  }

  /// Inserts a free range and joins it with its neighbours; one that was given back counts as in use again if the other does.
  private func insert(_ range: Range) {
    var (low, high) = (0, free.count)
    while low < high {
      let middle = (low + high) / 2
      if free[middle].start < range.start { low = middle + 1 } else { high = middle }
    }
    free.insert(range, at: low)
    if low + 1 < free.count, free[low].end == free[low + 1].start { join(low) }
    if low > 0, free[low - 1].end == free[low].start { join(low - 1) }
  }

  /// Joins a free range with the next.
  private func join(_ index: Int) {
    let next = free.remove(at: index + 1)
    if free[index].isResident != next.isResident {
      residentBytes += next.isResident ? free[index].count : next.count
      free[index].isResident = true
    }
    free[index].count += next.count
  }
}
