package import Compute
import Glibc

/// The backend's memory: an arena for what comes and goes, blocks of their own for what stays, a budget, and guard zones.
///
/// It also keeps the backend's first failure, since memory is what fails on this device.
final class CPUMemory {
  /// The failure that the next wait throws; while there is one, operations do nothing.
  private(set) var failure: DeviceError?
  /// What is held now, and the most that was.
  private(set) var use = MemoryUse()

  private let deviceName: String
  let budget: Int
  private let guardBytes: Int
  private let arena: Arena
  /// Values' place and size by block, kept only if there are guard zones to check.
  private var guarded: [UnsafeMutableRawPointer: Int] = [:]

  /// A NaN, so that reading a guard zone shows as well.
  private static let guardWord: UInt32 = 0xFFC0_FFEE

  /// How long a block is going to be used.
  enum Lifetime {
    /// As long as an evaluation takes, or less: a block of the arena.
    case passing
    /// As long as a network: a block of its own, so that it does not part the arena.
    case lasting
  }

  /// Memory of a budget, or nil if the system has no addresses left.
  init?(deviceName: String, budget: Int, guardZoneBytes: Int) {
    // Blocks that lie between free ranges may keep a request from fitting into as many addresses as there are bytes.
    guard let arena = Arena(reserving: min(budget, Int.max / 4) * 2) else { return nil }
    self.arena = arena
    self.deviceName = deviceName
    self.budget = budget
    // Whole cache lines keep the values aligned.
    self.guardBytes = (max(0, guardZoneBytes) + 63) / 64 * 64
  }

  /// Counts memory that lives outside of the pool, such as the threads' scratch.
  func account(forBytes bytes: Int) {
    use.current += bytes
    use.peak = max(use.peak, use.current)
  }

  func fail(_ reason: DeviceError.Reason, _ message: String) {
    if failure == nil { failure = DeviceError(reason, device: deviceName, message: message) }
  }

  /// Throws the first failure since the last call.
  func throwFailure() throws(DeviceError) {
    guard let failure else { return }
    self.failure = nil
    throw failure
  }

  /// Room for `count` values, or nil after a failure, which it records.
  func allocate(count: Int, _ lifetime: Lifetime) -> UnsafeMutablePointer<Float>? {
    let capacity = capacity(for: count)
    guard let block = lifetime == .passing ? passingBlock(capacity) : lastingBlock(capacity) else { return nil }
    if guardBytes > 0 {
      guarded[block] = count
      for zone in zones(of: block, count: count) { zone.update(repeating: Self.guardWord) }
    }
    return (block + guardBytes).assumingMemoryBound(to: Float.self)
  }

  /// Takes back room for `count` values.
  func release(_ values: UnsafeMutablePointer<Float>, count: Int, _ lifetime: Lifetime) {
    let block = UnsafeMutableRawPointer(values) - guardBytes, capacity = capacity(for: count)
    if guardBytes > 0 {
      check(block, count: count)
      guarded[block] = nil
    }
    if lifetime == .lasting {
      free(block)
      account(forBytes: -capacity)
    } else {
      changeArena { $0.release(block, capacity) }
    }
  }

  /// Gives what is free in the arena back to the system.
  func releaseIdle() { changeArena { $0.trim() } }

  /// Records a failure if a guard zone around any allocation has changed.
  func checkGuardZones() {
    for (block, count) in guarded { check(block, count: count) }
  }

  private func capacity(for count: Int) -> Int {
    let bytes = count * MemoryLayout<Float>.stride + 2 * guardBytes
    return max(1, (bytes + Arena.pageBytes - 1) / Arena.pageBytes) * Arena.pageBytes
  }

  private func passingBlock(_ capacity: Int) -> UnsafeMutableRawPointer? {
    guard hasBudget(for: capacity, growth: { $0.growth(for: capacity) }) else { return nil }
    let block = changeArena { $0.allocate(capacity) }
    if block == nil { failForLackOfMemory(capacity) }
    return block
  }

  private func lastingBlock(_ capacity: Int) -> UnsafeMutableRawPointer? {
    guard hasBudget(for: capacity, growth: { _ in capacity }) else { return nil }
    var block: UnsafeMutableRawPointer?
    if posix_memalign(&block, Arena.pageBytes, capacity) != 0 || block == nil {
      releaseIdle()
      guard posix_memalign(&block, Arena.pageBytes, capacity) == 0, block != nil else {
        failForLackOfMemory(capacity)
        return nil
      }
    }
    account(forBytes: capacity)
    return block
  }

  /// Whether a block fits the budget, if need be after giving back what is free; a failure if not.
  private func hasBudget(for capacity: Int, growth: (Arena) -> Int) -> Bool {
    if growth(arena) > budget - use.current { releaseIdle() }
    if growth(arena) <= budget - use.current { return true }
    fail(
      .outOfMemory, "\(capacity) bytes more would go past the budget of \(budget) bytes, \(use.current) are in use")
    return false
  }

  private func failForLackOfMemory(_ capacity: Int) {
    fail(.outOfMemory, "the system has no \(capacity) bytes more, \(use.current) are in use")
  }

  /// Changes the arena and keeps the books.
  private func changeArena<Result>(_ change: (Arena) -> Result) -> Result {
    let before = arena.residentBytes
    defer { account(forBytes: arena.residentBytes - before) }
    return change(arena)
  }

  /// The zones before and after the values, the second cut to whole words.
  private func zones(of block: UnsafeMutableRawPointer, count: Int) -> [UnsafeMutableBufferPointer<UInt32>] {
    let words = block.assumingMemoryBound(to: UInt32.self)
    let length = guardBytes / MemoryLayout<UInt32>.stride
    return [.init(start: words, count: length), .init(start: words + length + count, count: length)]
  }

  private func check(_ block: UnsafeMutableRawPointer, count: Int) {
    for (zone, place) in zip(zones(of: block, count: count), ["before", "after"]) {
      guard let offset = zone.firstIndex(where: { $0 != Self.guardWord }) else { continue }
      fail(.guardZone, "a value was written \(place) an allocation of \(count) values, at word \(offset) of the zone")
    }
  }
}

/// Room for values, given back when the last reference goes.
package final class CPUStorage {
  /// Nil if the allocation failed.
  package let values: UnsafeMutablePointer<Float>?
  let memory: CPUMemory
  private let count: Int
  private let lifetime: CPUMemory.Lifetime

  init(count: Int, in memory: CPUMemory, _ lifetime: CPUMemory.Lifetime = .passing) {
    self.count = count
    self.memory = memory
    self.lifetime = lifetime
    self.values = memory.allocate(count: count, lifetime)
  }

  deinit {
    if let values { memory.release(values, count: count, lifetime) }
  }
}

/// Exact values in host memory.
package final class CPUBuffer: Buffer {
  package let storage: CPUStorage

  init(count: Int, in memory: CPUMemory) {
    storage = CPUStorage(count: count, in: memory)
    super.init(count: count)
  }
}

/// An activation in host memory, channels-last: `[batch, height, width, channels]`.
package final class CPUActivation: FeatureMap {
  package let storage: CPUStorage

  init(_ shape: FeatureMapShape, in memory: CPUMemory) {
    storage = CPUStorage(count: shape.count, in: memory)
    super.init(shape: shape)
  }
}
