public import Compute

/// A backend that computes nothing and counts everything: operations, bytes moved, and the bytes that live at once.
///
/// Whatever runs on a backend runs on this one in no time, so that operations and memory are known before a run:
///
/// ```
/// let plan = PlanningBackend(for: backend)
/// ... // evaluate the network on `plan`
/// plan.memoryUse.peak       // bytes of buffers and activations alive at once
/// plan.floatingPointOperations
/// ```
///
/// What is read is zero. Pools, prepared forms of weights and scratch of the real backend come on top of the peak.
public final class PlanningBackend: Backend {
  /// The device that is planned for.
  public let device: DeviceDescription
  /// How often each operation was asked for.
  public private(set) var records: [OperationRecord: Int] = [:]
  /// The parameters that operations have read.
  public private(set) var parameters: [ObjectIdentifier: Parameter] = [:]

  private let ledger = MemoryLedger()
  private let activationBytes: (FeatureMapShape) -> Int
  let convolutionMethod: (ConvolutionShape, FeatureMapShape) -> ConvolutionMethod
  /// Bytes of the forms of each filter.
  var filterBytes: [ObjectIdentifier: [Filter.Arrangement: Int]] = [:]

  /// A plan for a device.
  ///
  /// - Parameters:
  ///   - device: Its description; by default one that has no limits.
  ///   - byteCount: The bytes of a feature map on that device; by default four a value.
  ///   - method: How that device does a convolution; by default directly, from a filter of four bytes a value.
  public init(
    device: DeviceDescription = .planning,
    byteCount: @escaping (FeatureMapShape) -> Int = { 4 * $0.count },
    method: @escaping (ConvolutionShape, FeatureMapShape) -> ConvolutionMethod = { shape, _ in
      .init(name: "direct", filterBytes: 4 * shape.filterCount)
    }
  ) {
    self.device = device
    self.activationBytes = byteCount
    self.convolutionMethod = method
  }

  /// A plan for the device of another backend, in its layouts and by its methods.
  public convenience init(for backend: any Backend) {
    self.init(
      device: backend.device, byteCount: { backend.byteCount(of: $0) }, method: { backend.method(of: $0, output: $1) })
  }

  /// Operations of all calls so far, in floating-point additions and multiplications.
  public var floatingPointOperations: Int {
    records.reduce(0) { $0 + $1.value * $1.key.floatingPointOperations }
  }

  /// Values of all parameters that were read, each parameter counted once.
  public var parameterCount: Int {
    parameters.values.reduce(0) { $0 + $1.count }
  }

  /// Bytes of the forms in which the device keeps the parameters that were read.
  public var preparedBytes: Int {
    parameters.reduce(0) { $0 + (filterBytes[$1.key]?.values.reduce(0, +) ?? 4 * $1.value.count) }
  }

  /// Forgets operations and parameters; what lives goes on living, and the peak starts from there.
  public func reset() {
    records.removeAll()
    parameters.removeAll()
    filterBytes.removeAll()
    ledger.peak = ledger.current
  }

  func record(
    _ operation: OperationKind, _ shape: OperationShape, traits: Set<OperationTrait> = [], work: Int = 0, reads: Int,
    writes: Int
  ) {
    let record = OperationRecord(
      operation, shape, traits: traits, floatingPointOperations: work, bytesRead: reads, bytesWritten: writes)
    records[record, default: 0] += 1
  }

  /// Notes a parameter and returns its bytes.
  func note(_ parameter: Parameter?) -> Int {
    guard let parameter else { return 0 }
    parameters[ObjectIdentifier(parameter)] = parameter
    return 4 * parameter.count
  }

  func bytes(_ activation: FeatureMap?) -> Int {
    activation.map { activationBytes($0.shape) } ?? 0
  }
}

extension DeviceDescription {
  /// A device that only plans and has no limits.
  public static let planning = DeviceDescription(
    backend: "planning", index: 0, name: "plan", vendor: "", driver: "", kind: .accelerator, computeUnits: 1,
    memoryBytes: .max, largestAllocationBytes: .max)
}

// MARK: Memory

/// Bytes that live, and the most that ever did.
private final class MemoryLedger {
  var current = 0
  var peak = 0

  func add(_ bytes: Int) {
    current += bytes
    peak = max(peak, current)
  }
}

private final class PlannedBuffer: Buffer {
  private let ledger: MemoryLedger

  init(count: Int, ledger: MemoryLedger) {
    self.ledger = ledger
    super.init(count: count)
    ledger.add(4 * count)
  }

  deinit { ledger.add(-4 * count) }
}

private final class PlannedActivation: FeatureMap {
  private let ledger: MemoryLedger
  private let bytes: Int

  init(shape: FeatureMapShape, bytes: Int, ledger: MemoryLedger) {
    self.ledger = ledger
    self.bytes = bytes
    super.init(shape: shape)
    ledger.add(bytes)
  }

  deinit { ledger.add(-bytes) }
}

extension PlanningBackend {
  /// Counts a buffer for as long as it lives.
  public func makeBuffer(count: Int) -> Buffer {
    PlannedBuffer(count: count, ledger: ledger)
  }

  /// Counts a feature map for as long as it lives.
  public func makeFeatureMap(_ shape: FeatureMapShape) -> FeatureMap {
    PlannedActivation(shape: shape, bytes: activationBytes(shape), ledger: ledger)
  }

  /// Counts a copy to the device.
  public func write(_ source: UnsafeBufferPointer<Float>, to destination: Buffer) {
    record(.write, .values(count: destination.count, sources: 1), reads: 0, writes: 4 * destination.count)
  }

  /// Counts a copy from the device and reads zeros.
  public func read(_ source: Buffer, into destination: UnsafeMutableBufferPointer<Float>) throws(DeviceError) {
    record(.read, .values(count: source.count, sources: 1), reads: 4 * source.count, writes: 0)
    destination.update(repeating: 0)
  }

  /// Has nothing to wait for.
  public func synchronize() throws(DeviceError) {}

  /// The bytes that the planned device takes.
  public func byteCount(of shape: FeatureMapShape) -> Int { activationBytes(shape) }

  /// Bytes of the buffers and activations that live, and the most that did at once.
  public var memoryUse: MemoryUse { .init(current: ledger.current, peak: ledger.peak) }

  /// The planned device's memory.
  public var memoryBudget: Int { device.memoryBytes }

  /// Has no pool.
  public func releaseUnusedMemory() {}

  /// Writes nothing, so nothing outside of its allocations either.
  public func checkGuardZones() throws(DeviceError) {}
}
