/// A backend that passes every operation on to another, waits for it, and keeps the time that it took.
///
/// Waiting after every operation costs a device what it gains by having work queued: the times add up to more than the whole,
/// notably for small operations, so a network as a whole is timed without this.
public final class TimingBackend: Backend {
  /// What was found out about calls of one kind.
  public struct Timing: Sendable {
    /// Calls, all on the same sizes.
    public var calls = 0
    /// Seconds of all of them together.
    public var seconds = 0.0
  }

  /// The times of all operations so far.
  public private(set) var timings: [OperationRecord: Timing] = [:]

  private let base: any Backend
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
  func time(_ perform: (any Backend) -> Void) {
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
}

// MARK: What is passed on as it is

extension TimingBackend {
  /// The device behind the other backend.
  public var device: DeviceDescription { base.device }

  /// The other backend's.
  public var precision: Precision { base.precision }

  /// A buffer of the other backend.
  public func makeBuffer(count: Int) -> Buffer { base.makeBuffer(count: count) }

  /// An activation of the other backend.
  public func makeActivation(_ shape: ActivationShape) -> Activation { base.makeActivation(shape) }

  /// Throws what an operation or a wait in between has thrown.
  public func synchronize() throws(DeviceError) {
    if let failure {
      self.failure = nil
      throw failure
    }
    try base.synchronize()
  }

  /// The other backend's.
  public func byteCount(of shape: ActivationShape) -> Int { base.byteCount(of: shape) }

  /// The other backend's.
  public var memoryUse: MemoryUse { base.memoryUse }

  /// The other backend's.
  public var memoryBudget: Int { base.memoryBudget }

  /// The other backend's.
  public func releaseUnusedMemory() { base.releaseUnusedMemory() }

  /// The other backend's.
  public func checkGuardZones() throws(DeviceError) { try base.checkGuardZones() }

  /// The other backend's.
  public func method(of shape: ConvolutionShape, output: ActivationShape) -> ConvolutionMethod {
    base.method(of: shape, output: output)
  }
}

// MARK: What is timed

extension TimingBackend {
  /// Timed.
  public func write(_ source: UnsafeBufferPointer<Float>, to destination: Buffer) {
    time { $0.write(source, to: destination) }
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

  /// Timed.
  public func fillNormal(_ destination: Buffer, seeds: [UInt64], key: NoiseKey) {
    time { $0.fillNormal(destination, seeds: seeds, key: key) }
  }

  /// Timed.
  public func combine(_ terms: [Term], into destination: Buffer) { time { $0.combine(terms, into: destination) } }

  /// Timed.
  public func clamp(_ source: Buffer, lower: Float, upper: Float, into destination: Buffer) {
    time { $0.clamp(source, lower: lower, upper: upper, into: destination) }
  }

  /// Timed.
  public func clampRows(_ source: Buffer, limits: Buffer, into destination: Buffer) {
    time { $0.clampRows(source, limits: limits, into: destination) }
  }

  /// Timed.
  public func scaleRows(_ source: Buffer, by factors: Buffer, into destination: Buffer) {
    time { $0.scaleRows(source, by: factors, into: destination) }
  }

  /// Timed.
  public func softmaxRows(_ source: Buffer, columns: Int, scale: Float, offsets: Buffer?, into destination: Buffer) {
    time { $0.softmaxRows(source, columns: columns, scale: scale, offsets: offsets, into: destination) }
  }

  /// Timed.
  public func multiplyMatrices(
    _ product: MatrixProduct, alpha: Float, _ a: Buffer, _ b: Buffer, beta: Float, into c: Buffer
  ) {
    time { $0.multiplyMatrices(product, alpha: alpha, a, b, beta: beta, into: c) }
  }

  /// Timed.
  public func enter(_ source: Buffer, scale: Float, shift: Float, into destination: Activation) {
    time { $0.enter(source, scale: scale, shift: shift, into: destination) }
  }

  /// Timed.
  public func leave(_ source: Activation, into destination: Buffer) { time { $0.leave(source, into: destination) } }

  /// Timed.
  public func activate(_ source: Activation, _ function: Nonlinearity, into destination: Activation) {
    time { $0.activate(source, function, into: destination) }
  }

  /// Timed.
  public func gatherRows(of table: Parameter, _ indices: [Int], into destination: Activation) {
    time { $0.gatherRows(of: table, indices, into: destination) }
  }

  /// Timed.
  public func convolve(
    _ operand: Operand, _ filter: Parameter, _ shape: ConvolutionShape, _ epilogue: ConvolutionEpilogue,
    into destination: Activation
  ) {
    time { $0.convolve(operand, filter, shape, epilogue, into: destination) }
  }

  /// Timed.
  public func normalizeGroups(
    _ operand: Operand, _ normalization: GroupNormalization, scaleShift: Activation?, _ function: Nonlinearity,
    into destination: Activation
  ) {
    time { $0.normalizeGroups(operand, normalization, scaleShift: scaleShift, function, into: destination) }
  }

  /// Timed.
  public func attend(_ projections: Activation, heads: Int, into destination: Activation) {
    time { $0.attend(projections, heads: heads, into: destination) }
  }

  /// Timed.
  public func halve(_ source: Activation, into destination: Activation) { time { $0.halve(source, into: destination) } }

  /// Timed.
  public func double(_ source: Activation, into destination: Activation) {
    time { $0.double(source, into: destination) }
  }
}
