public import Compute

extension CPUBackend {
  /// Takes a block of the arena, page-aligned.
  public func makeBuffer(count: Int) -> Buffer { CPUBuffer(count: count, in: memory) }

  /// Takes a block of the arena for `[batch, height, width, channels]`, without halo or padding.
  public func makeFeatureMap(_ shape: FeatureMapShape) -> FeatureMap { CPUActivation(shape, in: memory) }

  /// Copies at once.
  public func write(_ source: UnsafeBufferPointer<Float>, to destination: Buffer) {
    precondition(source.count == destination.count, "\(source.count) values do not fill \(destination.count)")
    guard let values = values(destination), let first = source.baseAddress else { return }
    values.update(from: first, count: source.count)
  }

  /// Copies, if nothing failed before.
  public func read(_ source: Buffer, into destination: UnsafeMutableBufferPointer<Float>) throws(DeviceError) {
    precondition(source.count == destination.count, "\(source.count) values do not fill \(destination.count)")
    let values = values(source)
    try synchronize()
    guard let values, let first = destination.baseAddress else { return }
    first.update(from: values, count: source.count)
  }

  /// Throws the first failure since the last wait; work is always done already.
  public func synchronize() throws(DeviceError) { try memory.throwFailure() }

  /// Four bytes a value.
  public func byteCount(of shape: FeatureMapShape) -> Int { shape.count * MemoryLayout<Float>.stride }

  /// Buffers, activations, prepared weights, what is free in the arena and the threads' scratch.
  public var memoryUse: MemoryUse { memory.use }

  /// What the backend was opened with, or all memory that the process can have.
  public var memoryBudget: Int { memory.budget }

  /// Gives what is free in the arena back to the system.
  public func releaseUnusedMemory() { memory.releaseIdle() }

  /// Compares the zones around every live allocation with their pattern.
  public func checkGuardZones() throws(DeviceError) {
    memory.checkGuardZones()
    try synchronize()
  }
}
