/// Exact values on a device: a line of 32-bit floating-point numbers.
///
/// The state of a sampler, noise, statistics and optimiser moments live in buffers, and samplers work on nothing else.
/// A backend subclasses it with its own storage, hands it out from ``MemoryOperations/makeBuffer(count:)`` and takes the
/// memory back into its pool when the last reference goes. Contents are undefined until written.
open class Buffer {
  /// Values in the buffer.
  public let count: Int

  /// A buffer of a backend's own making.
  public init(count: Int) {
    precondition(count > 0, "a buffer holds at least one value")
    self.count = count
  }
}
