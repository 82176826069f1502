package import Compute
import Glibc

/// The backend's memory: a pool of page-aligned blocks keyed by their size, a budget, and guard zones.
///
/// It also keeps the backend's first failure, since memory is what fails on this device.
final class CPUMemory {
  /// The failure that the next wait throws; while there is one, operations do nothing.
  private(set) var failure: DeviceError?
  private(set) var use = MemoryUse()

  private let deviceName: String
  let budget: Int
  private let guardBytes: Int
  private var idle: [Int: [UnsafeMutableRawPointer]] = [:]
  /// Values' place and size by block, kept only if there are guard zones to check.
  private var guarded: [UnsafeMutableRawPointer: Int] = [:]

  private static let pageBytes = 4096
  /// A NaN, so that reading a guard zone shows as well.
  private static let guardWord: UInt32 = 0xFFC0_FFEE

  init(deviceName: String, budget: Int, guardZoneBytes: Int) {
    self.deviceName = deviceName
    self.budget = budget
    // Whole cache lines keep the values aligned.
    self.guardBytes = (max(0, guardZoneBytes) + 63) / 64 * 64
  }

  deinit {
    releaseIdle()
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
  func allocate(count: Int) -> UnsafeMutablePointer<Float>? {
    let capacity = capacity(for: count)
    guard let block = idle[capacity]?.popLast() ?? makeBlock(capacity) else { return nil }
    if guardBytes > 0 {
      guarded[block] = count
      for zone in zones(of: block, count: count) { zone.update(repeating: Self.guardWord) }
    }
    return (block + guardBytes).assumingMemoryBound(to: Float.self)
  }

  /// Takes room for `count` values back into the pool.
  func release(_ values: UnsafeMutablePointer<Float>, count: Int) {
    let block = UnsafeMutableRawPointer(values) - guardBytes
    if guardBytes > 0 {
      check(block, count: count)
      guarded[block] = nil
    }
    idle[capacity(for: count), default: []].append(block)
  }

  /// Gives idle blocks back to the system.
  func releaseIdle() {
    for (capacity, blocks) in idle {
      for block in blocks { free(block) }
      use.current -= capacity * blocks.count
    }
    idle.removeAll()
  }

  /// Records a failure if a guard zone around any allocation has changed.
  func checkGuardZones() {
    for (block, count) in guarded { check(block, count: count) }
  }

  private func capacity(for count: Int) -> Int {
    let bytes = count * MemoryLayout<Float>.stride + 2 * guardBytes
    return (bytes + Self.pageBytes - 1) / Self.pageBytes * Self.pageBytes
  }

  private func makeBlock(_ capacity: Int) -> UnsafeMutableRawPointer? {
    if capacity > budget - use.current { releaseIdle() }
    guard capacity <= budget - use.current else {
      fail(
        .outOfMemory, "\(capacity) bytes more would go past the budget of \(budget) bytes, \(use.current) are in use")
      return nil
    }
    var block: UnsafeMutableRawPointer?
    if posix_memalign(&block, Self.pageBytes, capacity) != 0 || block == nil {
      releaseIdle()
      guard posix_memalign(&block, Self.pageBytes, capacity) == 0, block != nil else {
        fail(.outOfMemory, "the system has no \(capacity) bytes more, \(use.current) are in use")
        return nil
      }
    }
    account(forBytes: capacity)
    return block
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

/// Room for values in the pool, given back when the last reference goes.
package final class CPUStorage {
  /// Nil if the allocation failed.
  package let values: UnsafeMutablePointer<Float>?
  let count: Int
  let memory: CPUMemory

  init(count: Int, in memory: CPUMemory) {
    self.count = count
    self.memory = memory
    self.values = memory.allocate(count: count)
  }

  deinit {
    if let values { memory.release(values, count: count) }
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
package final class CPUActivation: Activation {
  package let storage: CPUStorage

  init(_ shape: ActivationShape, in memory: CPUMemory) {
    storage = CPUStorage(count: shape.count, in: memory)
    super.init(shape: shape)
  }
}
