public import Compute

extension OpenCLBackend: MemoryOperations {
  /// Allocates exact values, or takes them from the pool.
  public func makeBuffer(count: Int) -> Buffer {
    OpenCLBuffer(count: count, memory: pool.allocate(count, for: "a buffer of \(count) values"))
  }

  /// Allocates an activation, or takes it from the pool.
  public func makeFeatureMap(_ shape: FeatureMapShape) -> FeatureMap {
    OpenCLActivation(
      shape: shape,
      memory: pool.allocate(shape.paddedCount, of: parameters.storage.byteCount, for: "an activation \(shape)"))
  }

  /// Copies values to the device, in the order of the queue.
  public func write(_ source: UnsafeBufferPointer<Float>, to destination: Buffer) {
    precondition(source.count == destination.count, "\(source.count) values do not fill \(destination.count)")
    guard let memory = memory(destination) else { return }
    queue.write(UnsafeRawBufferPointer(source), to: memory.id)
  }

  /// Waits for all work and copies values to the host.
  public func read(_ source: Buffer, into destination: UnsafeMutableBufferPointer<Float>) throws(DeviceError) {
    precondition(source.count == destination.count, "\(source.count) values do not fill \(destination.count)")
    if let memory = memory(source) { queue.read(memory.id, into: UnsafeMutableRawBufferPointer(destination)) }
    try queue.wait()
  }

  /// Waits for all work and copies the values of several buffers to the host.
  public func read(_ sources: [Buffer], into destination: UnsafeMutableBufferPointer<Float>) throws(DeviceError) {
    for (source, values) in zip(sources, destination.parts(of: sources)) {
      guard let memory = memory(source) else { break }
      queue.read(memory.id, into: UnsafeMutableRawBufferPointer(values), waits: false)
    }
    try queue.wait()
  }

  /// Waits for all work.
  public func synchronize() throws(DeviceError) { try queue.wait() }

  /// Four or two bytes a value, the padding of the channels to a multiple of 16 included.
  public func byteCount(of shape: FeatureMapShape) -> Int { parameters.storage.byteCount * shape.paddedCount }

  /// What the backend holds, guard zones included.
  public var memoryUse: MemoryUse { pool.use }

  /// What the backend was opened with, or what the device has.
  public var memoryBudget: Int { pool.budget }

  /// Gives pooled memory back to the driver.
  public func releaseUnusedMemory() { pool.releaseUnused() }

  /// Waits and compares all guard zones with their pattern.
  public func checkGuardZones() throws(DeviceError) { try pool.checkGuardZones() }
}
