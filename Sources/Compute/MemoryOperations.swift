/// Allocation, transfer and waiting.
public protocol MemoryOperations: AnyObject {
  /// Allocates `count` exact values, their contents undefined.
  ///
  /// An allocation that fails or goes past the budget is a ``DeviceError`` of the next wait.
  func makeBuffer(count: Int) -> Buffer

  /// Allocates an activation, its contents undefined; failures as for ``makeBuffer(count:)``.
  func makeFeatureMap(_ shape: FeatureMapShape) -> FeatureMap

  /// Copies `source` to the device; `source` may be reused as soon as the call returns.
  func write(_ source: UnsafeBufferPointer<Float>, to destination: Buffer)

  /// Waits for all work and copies a buffer to the host.
  func read(_ source: Buffer, into destination: UnsafeMutableBufferPointer<Float>) throws(DeviceError)

  /// Waits for all work once and copies several buffers to the host, one after the other.
  ///
  /// - Parameters:
  ///   - sources: What is read, in this order.
  ///   - destination: As many values as the sources hold together.
  func read(_ sources: [Buffer], into destination: UnsafeMutableBufferPointer<Float>) throws(DeviceError)

  /// Waits for all work; throws the first failure since the last wait.
  func synchronize() throws(DeviceError)

  /// Bytes that an activation of this shape takes on this device, halos and padding included.
  func byteCount(of shape: FeatureMapShape) -> Int

  /// What the backend holds at the moment and has held at most.
  var memoryUse: MemoryUse { get }

  /// Bytes that the backend may hold at once: what it was opened with, or what the device has.
  var memoryBudget: Int { get }

  /// Gives pooled memory that nothing uses back to the system.
  func releaseUnusedMemory()

  /// Waits and throws if anything was written outside its allocation, by a backend opened with guard zones.
  func checkGuardZones() throws(DeviceError)
}

/// Bytes that a backend holds for buffers, activations, prepared weights and scratch.
public struct MemoryUse: Sendable, Hashable {
  /// Bytes held now, those waiting in the pool included.
  public var current: Int
  /// The most that was ever held at once.
  public var peak: Int

  /// A reading.
  public init(current: Int = 0, peak: Int = 0) {
    self.current = current
    self.peak = peak
  }
}

extension MemoryOperations {
  /// Copies an array to the device.
  public func write(_ source: [Float], to destination: Buffer) {
    source.withUnsafeBufferPointer { write($0, to: destination) }
  }

  /// A buffer that holds the values of an array.
  public func makeBuffer(_ values: [Float]) -> Buffer {
    let buffer = makeBuffer(count: values.count)
    write(values, to: buffer)
    return buffer
  }

  /// Waits for all work and returns a buffer's values.
  public func read(_ source: Buffer) throws(DeviceError) -> [Float] {
    try values(source.count) { destination throws(DeviceError) in try read(source, into: destination) }
  }

  /// Waits for all work once and returns the values of several buffers, one after the other.
  public func read(_ sources: [Buffer]) throws(DeviceError) -> [Float] {
    try values(sources.reduce(0) { $0 + $1.count }) { destination throws(DeviceError) in
      try read(sources, into: destination)
    }
  }

  /// Reads the buffers one by one, which is as good where waiting costs nothing.
  public func read(_ sources: [Buffer], into destination: UnsafeMutableBufferPointer<Float>) throws(DeviceError) {
    for (source, values) in zip(sources, destination.parts(of: sources)) { try read(source, into: values) }
  }

  /// Values that `fill` writes.
  private func values(
    _ count: Int, _ fill: (UnsafeMutableBufferPointer<Float>) throws(DeviceError) -> Void
  ) throws(DeviceError) -> [Float] {
    var values = [Float](repeating: 0, count: count)
    var failure: DeviceError?
    values.withUnsafeMutableBufferPointer { destination in
      do throws(DeviceError) {
        try fill(destination)
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    return values
  }
}

extension UnsafeMutableBufferPointer<Float> {
  /// The part of each buffer in memory that holds the values of all, one after the other.
  package func parts(of buffers: [Buffer]) -> [Self] {
    var start = 0
    let parts = buffers.map { buffer in
      defer { start += buffer.count }
      return Self(rebasing: self[start..<start + buffer.count])
    }
    precondition(start == count, "\(start) values do not fill \(count)")
    return parts
  }
}
