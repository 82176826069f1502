import COpenCL
import Compute

/// One allocation on the device, the guard zones around it included.
final class MemoryBlock {
  /// What kernels see.
  let id: cl_mem
  /// The allocation of which `id` is a part, if there are guard zones.
  let parent: cl_mem?
  /// Bytes that kernels see.
  let bytes: Int
  /// Bytes before and after them.
  let guardBytes: Int

  init(id: cl_mem, parent: cl_mem?, bytes: Int, guardBytes: Int) {
    self.id = id
    self.parent = parent
    self.bytes = bytes
    self.guardBytes = guardBytes
  }

  /// Bytes that the device gives for it.
  var heldBytes: Int { bytes + 2 * guardBytes }

  deinit {
    _ = opencl_ReleaseMemObject(id)
    if let parent { _ = opencl_ReleaseMemObject(parent) }
  }
}

/// Memory in use; its block returns to the pool when the last reference goes.
///
/// The queue runs in order, so the next owner's work comes after all work of the last one.
final class DeviceMemory {
  private let block: MemoryBlock
  private weak var pool: MemoryPool?

  fileprivate init(_ block: MemoryBlock, of pool: MemoryPool) {
    self.block = block
    self.pool = pool
  }

  /// What kernels are given.
  var id: cl_mem { block.id }
  /// Bytes asked for.
  var bytes: Int { block.bytes }

  /// Whether it is one of a pool's.
  func isOf(_ pool: MemoryPool) -> Bool { self.pool === pool }

  deinit { pool?.takeBack(block) }
}

/// Allocations of one backend, kept by their size for the next that asks.
final class MemoryPool {
  /// What every byte of a guard zone holds: as a float, a number that no kernel computes.
  private static let pattern: UInt8 = 0xA5

  private let queue: CommandQueue
  /// Bytes that may be held at once.
  let budget: Int
  private let largest: Int
  private let guardBytes: Int
  private var unused: [Int: [MemoryBlock]] = [:]
  /// All blocks in use and not, if they have guard zones.
  private var guarded: [ObjectIdentifier: MemoryBlock] = [:]
  private(set) var use = MemoryUse()

  /// A pool that holds no more than the budget, by default what the device has.
  init(queue: CommandQueue, options: BackendOptions) {
    self.queue = queue
    let device = queue.device
    budget = options.memoryBudget ?? device.description.memoryBytes
    largest = device.description.largestAllocationBytes
    let alignment = device.alignmentBytes
    guardBytes = (options.guardZoneBytes + alignment - 1) / alignment * alignment
  }

  /// Memory for `count` values of four bytes or of another size; nil, and a failure of the queue, if there is none.
  func allocate(_ count: Int, of size: Int = 4, for purpose: @autoclosure () -> String) -> DeviceMemory? {
    guard queue.failure == nil else { return nil }
    let bytes = size * count
    if let block = unused[bytes]?.popLast() { return DeviceMemory(block, of: self) }
    // Kernels count values with 32 bits.
    let largest = min(largest, size * Int(Int32.max))
    guard bytes <= largest else {
      queue.fail(
        .outOfMemory, "\(purpose()) takes \(Self.text(bytes)), the device's largest allocation is \(Self.text(largest))"
      )
      return nil
    }
    let held = bytes + 2 * guardBytes
    if use.current + held > budget { releaseUnused() }
    guard use.current + held <= budget else {
      queue.fail(
        .outOfMemory,
        "\(purpose()) takes \(Self.text(held)) more than the \(Self.text(use.current)) in use; the budget is "
          + Self.text(budget))
      return nil
    }
    guard let block = makeBlock(bytes) ?? retry(bytes) else {
      queue.fail(.outOfMemory, "\(purpose()): the driver has no \(Self.text(held)) left")
      return nil
    }
    use.current += held
    use.peak = max(use.peak, use.current)
    return DeviceMemory(block, of: self)
  }

  /// Gives everything that nothing uses back to the driver.
  func releaseUnused() {
    for block in unused.values.joined() {
      use.current -= block.heldBytes
      guarded[ObjectIdentifier(block)] = nil
    }
    unused.removeAll()
  }

  fileprivate func takeBack(_ block: MemoryBlock) {
    unused[block.bytes, default: []].append(block)
  }

  private func retry(_ bytes: Int) -> MemoryBlock? {
    releaseUnused()
    return makeBlock(bytes)
  }

  private func makeBlock(_ bytes: Int) -> MemoryBlock? {
    var status: Int32 = 0
    let flags = cl_mem_flags(CL_MEM_READ_WRITE)
    let whole = opencl_CreateBuffer(queue.context, flags, bytes + 2 * guardBytes, nil, &status)
    guard let whole, status == CL_SUCCESS else { return nil }
    guard guardBytes > 0 else { return MemoryBlock(id: whole, parent: nil, bytes: bytes, guardBytes: 0) }
    var region = cl_buffer_region(origin: guardBytes, size: bytes)
    let part = opencl_CreateSubBuffer(whole, flags, cl_uint(CL_BUFFER_CREATE_TYPE_REGION), &region, &status)
    guard let part, status == CL_SUCCESS else {
      _ = opencl_ReleaseMemObject(whole)
      return nil
    }
    let block = MemoryBlock(id: part, parent: whole, bytes: bytes, guardBytes: guardBytes)
    // Contents of fresh memory are undefined for everybody, so all of it takes the pattern.
    let pattern = [UInt8](repeating: Self.pattern, count: block.heldBytes)
    pattern.withUnsafeBytes { queue.write($0, to: whole) }
    guarded[ObjectIdentifier(block)] = block
    return block
  }

  /// Waits and compares all guard zones with the pattern; gives back what nothing uses, whose zones have told all they can.
  func checkGuardZones() throws(DeviceError) {
    for block in guarded.values where !isIntact(block) {
      queue.fail(.guardZone, "a kernel wrote outside of an allocation of \(block.bytes) bytes")
    }
    releaseUnused()
    try queue.wait()
  }

  /// Whether both zones of a block hold the pattern; a failure to read them is a failure of the queue.
  private func isIntact(_ block: MemoryBlock) -> Bool {
    guard let parent = block.parent else { return true }
    return [0, guardBytes + block.bytes].allSatisfy { offset in
      var zone = [UInt8](repeating: Self.pattern, count: guardBytes)
      zone.withUnsafeMutableBytes { queue.read(parent, from: offset, into: $0) }
      return zone.allSatisfy { $0 == Self.pattern }
    }
  }

  /// An amount of memory in the unit that suits it.
  private static func text(_ bytes: Int) -> String {
    if bytes < 10_000 { return "\(bytes) bytes" }
    return bytes < 10_000_000 ? "\(bytes / 1000) kB" : "\(bytes / 1_000_000) MB"
  }
}
