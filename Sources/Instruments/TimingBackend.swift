public import Compute

/// A backend that passes every operation on to another, waits for it, and keeps the time that it took.
///
/// Waiting after every operation costs a device what it gains by having work queued: the times add up to more than the whole,
/// notably for small operations, so a network as a whole is timed without this.
public final class TimingBackend: ForwardingBackend {
  /// What was found out about calls of one kind.
  public struct Timing: Sendable {
    /// Calls, all on the same sizes.
    public var calls = 0
    /// Seconds of all of them together.
    public var seconds = 0.0
  }

  /// The times of all operations so far.
  public private(set) var timings: [OperationRecord: Timing] = [:]

  /// The backend that is timed.
  public let base: any Backend
  private let plan: PlanningBackend
  private var failure: DeviceError?

  /// A backend that times another.
  public init(_ base: any Backend) {
    self.base = base
    plan = PlanningBackend(for: base)
  }

  /// Forgets all times.
  public func reset() {
    timings.removeAll()
  }

  /// Performs an operation on the plan, which says what it is, and on the device.
  public func around(_ operation: OperationKind, _ perform: (any Backend) -> Void) {
    plan.reset()
    perform(plan)
    let seconds = Duration.seconds {
      perform(base)
      wait()
    }
    for record in plan.records.keys {
      timings[record, default: .init()].calls += 1
      timings[record, default: .init()].seconds += seconds
    }
  }

  private func wait() {
    do throws(DeviceError) {
      try base.synchronize()
    } catch {
      failure = failure ?? error
    }
  }

  /// Throws what an operation or a wait in between has thrown.
  public func synchronize() throws(DeviceError) {
    if let failure {
      self.failure = nil
      throw failure
    }
    try base.synchronize()
  }

  /// Passed on; a wait is no operation.
  public func read(_ source: Buffer, into destination: UnsafeMutableBufferPointer<Float>) throws(DeviceError) {
    try synchronize()
    try base.read(source, into: destination)
  }

  /// Passed on as well.
  public func read(_ sources: [Buffer], into destination: UnsafeMutableBufferPointer<Float>) throws(DeviceError) {
    try synchronize()
    try base.read(sources, into: destination)
  }
}
