public import Compute

extension CPUBackend {
  public func makeBuffer(count: Int) -> Buffer { CPUBuffer(count: count, in: memory) }

  public func makeActivation(_ shape: ActivationShape) -> Activation { CPUActivation(shape, in: memory) }

  public func write(_ source: UnsafeBufferPointer<Float>, to destination: Buffer) {
    precondition(source.count == destination.count, "\(source.count) values do not fill \(destination.count)")
    guard let values = values(destination), let first = source.baseAddress else { return }
    values.update(from: first, count: source.count)
  }

  public func read(_ source: Buffer, into destination: UnsafeMutableBufferPointer<Float>) throws(DeviceError) {
    precondition(source.count == destination.count, "\(source.count) values do not fill \(destination.count)")
    let values = values(source)
    try synchronize()
    guard let values, let first = destination.baseAddress else { return }
    first.update(from: values, count: source.count)
  }

  public func synchronize() throws(DeviceError) { try memory.throwFailure() }

  public func byteCount(of shape: ActivationShape) -> Int { shape.count * MemoryLayout<Float>.stride }

  public var memoryUse: MemoryUse { memory.use }

  public var memoryBudget: Int { memory.budget }

  public func releaseUnusedMemory() { memory.releaseIdle() }

  public func checkGuardZones() throws(DeviceError) {
    memory.checkGuardZones()
    try synchronize()
  }
}
