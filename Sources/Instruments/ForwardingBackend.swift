public import Compute

/// A backend that passes every operation on to another, with something of its own around each.
///
/// A conformer gives ``base`` and ``around(_:_:)`` and writes only those requirements that it changes:
///
/// ```
/// final class CountingBackend: ForwardingBackend {
///   let base: any Backend
///   private(set) var calls: [OperationKind: Int] = [:]
///
///   init(_ base: any Backend) { self.base = base }
///
///   func around(_ operation: OperationKind, _ perform: (any Backend) -> Void) {
///     calls[operation, default: 0] += 1
///     perform(base)
///   }
/// }
/// ```
///
/// What is no operation (memory, the device, waiting) is passed on without the hook, and so is
/// `MemoryOperations.read(_:into:)`, which waits and throws.
public protocol ForwardingBackend: Backend {
  /// The backend that does the work and owns all buffers and activations.
  var base: any Backend { get }

  /// Performs an operation; by default on ``base`` and nothing else.
  ///
  /// - Parameters:
  ///   - operation: Which one.
  ///   - perform: Calls it, with its arguments, on a backend; it may be called on several, such as one that only plans.
  func around(_ operation: OperationKind, _ perform: (any Backend) -> Void)
}

extension ForwardingBackend {
  /// The operation by itself.
  public func around(_ operation: OperationKind, _ perform: (any Backend) -> Void) { perform(base) }
}

// MARK: What is no operation

extension ForwardingBackend {
  /// The device behind the other backend.
  public var device: DeviceDescription { base.device }

  /// The other backend's.
  public var precision: Precision { base.precision }

  /// The other backend's.
  public var featureMapPrecision: Precision { base.featureMapPrecision }

  /// A buffer of the other backend.
  public func makeBuffer(count: Int) -> Buffer { base.makeBuffer(count: count) }

  /// An activation of the other backend.
  public func makeFeatureMap(_ shape: FeatureMapShape) -> FeatureMap { base.makeFeatureMap(shape) }

  /// Passed on, without the hook.
  public func read(_ source: Buffer, into destination: UnsafeMutableBufferPointer<Float>) throws(DeviceError) {
    try base.read(source, into: destination)
  }

  /// Passed on, without the hook.
  public func read(_ sources: [Buffer], into destination: UnsafeMutableBufferPointer<Float>) throws(DeviceError) {
    try base.read(sources, into: destination)
  }

  /// Waits for the other backend.
  public func synchronize() throws(DeviceError) { try base.synchronize() }

  /// The other backend's.
  public func byteCount(of shape: FeatureMapShape) -> Int { base.byteCount(of: shape) }

  /// The other backend's.
  public var memoryUse: MemoryUse { base.memoryUse }

  /// The other backend's.
  public var memoryBudget: Int { base.memoryBudget }

  /// The other backend's.
  public func releaseUnusedMemory() { base.releaseUnusedMemory() }

  /// The other backend's.
  public func checkGuardZones() throws(DeviceError) { try base.checkGuardZones() }

  /// The other backend's.
  public func method(of shape: ConvolutionShape, output: FeatureMapShape) -> ConvolutionMethod {
    base.method(of: shape, output: output)
  }
}

// MARK: Operations of networks and samplers

extension ForwardingBackend {
  /// Passed on by the hook.
  public func write(_ source: UnsafeBufferPointer<Float>, to destination: Buffer) {
    around(.write) { $0.write(source, to: destination) }
  }

  /// Passed on by the hook.
  public func fillNormal(_ destination: Buffer, seeds: [UInt64], key: NoiseKey) {
    around(.fillNormal) { $0.fillNormal(destination, seeds: seeds, key: key) }
  }

  /// Passed on by the hook.
  public func combine(_ terms: [Term], into destination: Buffer) {
    around(.combine) { $0.combine(terms, into: destination) }
  }

  /// Passed on by the hook.
  public func clamp(_ source: Buffer, lower: Float, upper: Float, into destination: Buffer) {
    around(.clamp) { $0.clamp(source, lower: lower, upper: upper, into: destination) }
  }

  /// Passed on by the hook.
  public func clampRows(_ source: Buffer, limits: Buffer, into destination: Buffer) {
    around(.clampRows) { $0.clampRows(source, limits: limits, into: destination) }
  }

  /// Passed on by the hook.
  public func scaleRows(_ source: Buffer, by factors: Buffer, into destination: Buffer) {
    around(.scaleRows) { $0.scaleRows(source, by: factors, into: destination) }
  }

  /// Passed on by the hook.
  public func selectRows(_ source: Buffer, _ indices: [Int], into destination: Buffer) {
    around(.selectRows) { $0.selectRows(source, indices, into: destination) }
  }

  /// Passed on by the hook.
  public func scaleByFunction(
    _ source: Buffer, of argument: Buffer, _ rule: ScalingFunction, into destination: Buffer
  ) {
    around(.scaleByFunction) { $0.scaleByFunction(source, of: argument, rule, into: destination) }
  }

  /// Passed on by the hook.
  public func softmaxRows(_ source: Buffer, columns: Int, scale: Float, offsets: Buffer?, into destination: Buffer) {
    around(.softmaxRows) { $0.softmaxRows(source, columns: columns, scale: scale, offsets: offsets, into: destination) }
  }

  /// Passed on by the hook.
  public func multiplyMatrices(
    _ product: MatrixProduct, alpha: Float, _ a: Buffer, _ b: Buffer, beta: Float, into c: Buffer
  ) {
    around(.multiplyMatrices) { $0.multiplyMatrices(product, alpha: alpha, a, b, beta: beta, into: c) }
  }

  /// Passed on by the hook.
  public func enter(_ source: Buffer, scale: Float, shift: Float, into destination: FeatureMap) {
    around(.enter) { $0.enter(source, scale: scale, shift: shift, into: destination) }
  }

  /// Passed on by the hook.
  public func leave(_ source: FeatureMap, into destination: Buffer) {
    around(.leave) { $0.leave(source, into: destination) }
  }

  /// Passed on by the hook.
  public func activate(_ source: FeatureMap, _ function: Nonlinearity, into destination: FeatureMap) {
    around(.activate) { $0.activate(source, function, into: destination) }
  }

  /// Passed on by the hook.
  public func lookUpEmbedding(of table: Parameter, _ indices: [Int], into destination: FeatureMap) {
    around(.lookUpEmbedding) { $0.lookUpEmbedding(of: table, indices, into: destination) }
  }

  /// Passed on by the hook.
  public func convolve(
    _ operand: Operand, _ filter: Filter, _ shape: ConvolutionShape, _ epilogue: ConvolutionEpilogue,
    into destination: FeatureMap
  ) {
    around(.convolve) { $0.convolve(operand, filter, shape, epilogue, into: destination) }
  }

  /// Passed on by the hook.
  public func normalizeGroups(
    _ operand: Operand, _ normalization: GroupNormalization, scaleShift: FeatureMap?, _ function: Nonlinearity,
    into destination: FeatureMap
  ) {
    around(.normalizeGroups) {
      $0.normalizeGroups(operand, normalization, scaleShift: scaleShift, function, into: destination)
    }
  }

  /// Passed on by the hook.
  public func attend(_ projections: FeatureMap, heads: Int, into destination: FeatureMap) {
    around(.attend) { $0.attend(projections, heads: heads, into: destination) }
  }

  /// Passed on by the hook.
  public func downsample(_ source: FeatureMap, into destination: FeatureMap) {
    around(.downsample) { $0.downsample(source, into: destination) }
  }

  /// Passed on by the hook.
  public func upsample(_ source: FeatureMap, into destination: FeatureMap) {
    around(.upsample) { $0.upsample(source, into: destination) }
  }

  /// Passed on by the hook.
  public func blur(_ source: FeatureMap, into destination: FeatureMap) {
    around(.blur) { $0.blur(source, into: destination) }
  }

  /// Passed on by the hook.
  public func poolWindows(_ source: FeatureMap, _ shape: PoolingShape, into destination: FeatureMap) {
    around(.poolWindows) { $0.poolWindows(source, shape, into: destination) }
  }
}

// MARK: What training asks for

extension ForwardingBackend {
  /// Passed on by the hook.
  public func add(
    _ first: FeatureMap, times firstScale: Float, _ second: FeatureMap?, times secondScale: Float,
    into destination: FeatureMap
  ) {
    around(.add) { $0.add(first, times: firstScale, second, times: secondScale, into: destination) }
  }

  /// Passed on by the hook.
  public func spatialSum(_ source: FeatureMap, into destination: FeatureMap) {
    around(.spatialSum) { $0.spatialSum(source, into: destination) }
  }

  /// Passed on by the hook.
  public func activateGradient(
    _ source: FeatureMap, _ function: Nonlinearity, _ gradient: FeatureMap, into destination: FeatureMap
  ) {
    around(.activateGradient) { $0.activateGradient(source, function, gradient, into: destination) }
  }

  /// Passed on by the hook.
  public func dropout(
    _ source: FeatureMap, probability: Double, seeds: [UInt64], key: NoiseKey, into destination: FeatureMap
  ) {
    around(.dropout) { $0.dropout(source, probability: probability, seeds: seeds, key: key, into: destination) }
  }

  /// Passed on by the hook.
  public func convolveFilterGradient(
    _ operand: Operand, _ shape: ConvolutionShape, _ gradient: FeatureMap, into destination: Buffer
  ) {
    around(.convolveFilterGradient) { $0.convolveFilterGradient(operand, shape, gradient, into: destination) }
  }

  /// Passed on by the hook.
  public func normalizeGroupsGradient(
    _ operand: Operand, _ normalization: GroupNormalization, scaleShift: FeatureMap?, _ function: Nonlinearity,
    gradient: FeatureMap, into destinations: NormalizationGradient
  ) {
    around(.normalizeGroupsGradient) {
      $0.normalizeGroupsGradient(
        operand, normalization, scaleShift: scaleShift, function, gradient: gradient, into: destinations)
    }
  }

  /// Passed on by the hook.
  public func attendGradient(
    _ projections: FeatureMap, heads: Int, _ gradient: FeatureMap, into destination: FeatureMap
  ) {
    around(.attendGradient) { $0.attendGradient(projections, heads: heads, gradient, into: destination) }
  }

  /// Passed on by the hook.
  public func dilate(_ source: FeatureMap, by stride: Int, into destination: FeatureMap) {
    around(.dilate) { $0.dilate(source, by: stride, into: destination) }
  }

  /// Passed on by the hook.
  public func sumSquares(_ source: Buffer, into destination: Buffer) {
    around(.sumSquares) { $0.sumSquares(source, into: destination) }
  }

  /// Passed on by the hook.
  public func adamStep(_ step: AdamStep, gradient: Buffer, _ state: AdamState) {
    around(.adamStep) { $0.adamStep(step, gradient: gradient, state) }
  }
}
