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
  private let convolutionMethod: (ConvolutionShape, FeatureMapShape) -> ConvolutionMethod
  /// Bytes of the forms of each filter.
  private var filterBytes: [ObjectIdentifier: [Filter.Arrangement: Int]] = [:]

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

// MARK: Activations

extension PlanningBackend {
  /// Counts the way in: two operations a value.
  public func enter(_ source: Buffer, scale: Float, shift: Float, into destination: FeatureMap) {
    let shape = destination.shape
    record(
      .enter, .activations(operands: [shape], result: shape), work: 2 * shape.count, reads: 4 * source.count,
      writes: bytes(destination))
  }

  /// Counts the way out.
  public func leave(_ source: FeatureMap, into destination: Buffer) {
    record(
      .leave, .activations(operands: [source.shape], result: source.shape), reads: bytes(source),
      writes: 4 * destination.count)
  }

  /// Counts a function of every value: one operation each.
  public func activate(_ source: FeatureMap, _ function: Nonlinearity, into destination: FeatureMap) {
    var traits: Set<OperationTrait> = [.function(function)]
    if source === destination { traits.insert(.inPlace) }
    record(
      .activate, .activations(operands: [source.shape], result: destination.shape), traits: traits,
      work: source.shape.count, reads: bytes(source), writes: bytes(destination))
  }

  /// Counts the rows of a table that are read.
  public func lookUpEmbedding(of table: Parameter, _ indices: [Int], into destination: FeatureMap) {
    _ = note(table)
    let rows = FeatureMapShape(batch: table.shape[0], channels: destination.shape.channels)
    record(
      .lookUpEmbedding, .activations(operands: [rows], result: destination.shape), reads: 4 * destination.shape.count,
      writes: bytes(destination))
  }

  /// Counts a convolution by its direct method.
  public func convolve(
    _ operand: Operand, _ filter: Filter, _ shape: ConvolutionShape, _ epilogue: ConvolutionEpilogue,
    into destination: FeatureMap
  ) {
    var traits: Set<OperationTrait> = []
    if epilogue.bias != nil { traits.insert(.bias) }
    if epilogue.channelOffset != nil { traits.insert(.channelOffset) }
    if let residual = epilogue.residual {
      traits.insert(.residual)
      if residual === destination { traits.insert(.inPlace) }
    }
    if epilogue.scale != 1 { traits.insert(.scaled) }
    let form = convolutionMethod(shape, destination.shape).filterBytes
    filterBytes[ObjectIdentifier(filter.parameter), default: [:]][filter.arrangement] = form
    let sources = [operand.first, operand.second, epilogue.channelOffset, epilogue.residual]
    record(
      .convolve, .convolution(shape, operands: operand.shapes, result: destination.shape), traits: traits,
      work: shape.floatingPointOperations(for: operand.shape),
      reads: sources.reduce(note(filter.parameter) + note(epilogue.bias)) { $0 + bytes($1) }, writes: bytes(destination)
    )
  }

  /// What the planned device does.
  public func method(of shape: ConvolutionShape, output: FeatureMapShape) -> ConvolutionMethod {
    convolutionMethod(shape, output)
  }

  /// Counts a normalisation: eight operations a value, two more for scale and shift, one for the function.
  public func normalizeGroups(
    _ operand: Operand, _ normalization: GroupNormalization, scaleShift: FeatureMap?, _ function: Nonlinearity,
    into destination: FeatureMap
  ) {
    var traits: Set<OperationTrait> = [.function(function), .groups(normalization.groups)]
    if scaleShift != nil { traits.insert(.scaleShift) }
    if operand.second == nil, operand.first === destination { traits.insert(.inPlace) }
    let perValue = 8 + (scaleShift == nil ? 0 : 2) + (function == .identity ? 0 : 1)
    let weights = note(normalization.gamma) + note(normalization.beta)
    record(
      .normalizeGroups, .activations(operands: operand.shapes, result: destination.shape), traits: traits,
      work: perValue * operand.shape.count,
      reads: weights + bytes(operand.first) + bytes(operand.second) + bytes(scaleShift), writes: bytes(destination))
  }

  /// Counts an attention: its two products and its softmax.
  public func attend(_ projections: FeatureMap, heads: Int, into destination: FeatureMap) {
    let shape = destination.shape
    let scores = shape.batch * shape.pixels * shape.pixels
    record(
      .attend, .activations(operands: [projections.shape], result: shape), traits: [.heads(heads)],
      work: scores * (4 * shape.channels + 7 * heads), reads: bytes(projections), writes: bytes(destination))
  }

  /// Counts a downsampling: four operations a result.
  public func downsample(_ source: FeatureMap, into destination: FeatureMap) {
    record(
      .downsample, .activations(operands: [source.shape], result: destination.shape), work: 4 * destination.shape.count,
      reads: bytes(source), writes: bytes(destination))
  }

  /// Counts an upsampling.
  public func upsample(_ source: FeatureMap, into destination: FeatureMap) {
    record(
      .upsample, .activations(operands: [source.shape], result: destination.shape), reads: bytes(source),
      writes: bytes(destination))
  }

  /// Counts a pooling: one operation a pixel of each window.
  public func poolWindows(_ source: FeatureMap, _ shape: PoolingShape, into destination: FeatureMap) {
    record(
      .poolWindows, .activations(operands: [source.shape], result: destination.shape), traits: [.pooling(shape)],
      work: shape.size * shape.size * destination.shape.count, reads: bytes(source), writes: bytes(destination))
  }
}

extension Operand {
  /// The shapes of the one or two activations.
  var shapes: [FeatureMapShape] { [first.shape] + (second.map { [$0.shape] } ?? []) }
}
