import Compute

/// A backend that passes everything on to another and counts how often its user waits.
final class CountingBackend: Backend {
  /// Calls that wait for the device.
  var waits = 0

  private let base: any Backend

  /// A backend that counts the waits for another.
  init(_ base: any Backend) {
    self.base = base
  }

  func read(_ source: Buffer, into destination: UnsafeMutableBufferPointer<Float>) throws(DeviceError) {
    waits += 1
    try base.read(source, into: destination)
  }

  func read(_ sources: [Buffer], into destination: UnsafeMutableBufferPointer<Float>) throws(DeviceError) {
    waits += 1
    try base.read(sources, into: destination)
  }

  func synchronize() throws(DeviceError) {
    waits += 1
    try base.synchronize()
  }

  func checkGuardZones() throws(DeviceError) {
    waits += 1
    try base.checkGuardZones()
  }
}

// MARK: What is passed on as it is

extension CountingBackend {
  var device: DeviceDescription { base.device }
  var precision: Precision { base.precision }
  var memoryUse: MemoryUse { base.memoryUse }
  var memoryBudget: Int { base.memoryBudget }
  func releaseUnusedMemory() { base.releaseUnusedMemory() }
  func byteCount(of shape: ActivationShape) -> Int { base.byteCount(of: shape) }
  func makeBuffer(count: Int) -> Buffer { base.makeBuffer(count: count) }
  func makeActivation(_ shape: ActivationShape) -> Activation { base.makeActivation(shape) }
  func write(_ source: UnsafeBufferPointer<Float>, to destination: Buffer) { base.write(source, to: destination) }

  func method(of shape: ConvolutionShape, output: ActivationShape) -> ConvolutionMethod {
    base.method(of: shape, output: output)
  }

  func fillNormal(_ destination: Buffer, seeds: [UInt64], key: NoiseKey) {
    base.fillNormal(destination, seeds: seeds, key: key)
  }

  func combine(_ terms: [Term], into destination: Buffer) { base.combine(terms, into: destination) }

  func clamp(_ source: Buffer, lower: Float, upper: Float, into destination: Buffer) {
    base.clamp(source, lower: lower, upper: upper, into: destination)
  }

  func clampRows(_ source: Buffer, limits: Buffer, into destination: Buffer) {
    base.clampRows(source, limits: limits, into: destination)
  }

  func scaleRows(_ source: Buffer, by factors: Buffer, into destination: Buffer) {
    base.scaleRows(source, by: factors, into: destination)
  }

  func softmaxRows(_ source: Buffer, columns: Int, scale: Float, offsets: Buffer?, into destination: Buffer) {
    base.softmaxRows(source, columns: columns, scale: scale, offsets: offsets, into: destination)
  }

  func multiplyMatrices(
    _ product: MatrixProduct, alpha: Float, _ a: Buffer, _ b: Buffer, beta: Float, into c: Buffer
  ) {
    base.multiplyMatrices(product, alpha: alpha, a, b, beta: beta, into: c)
  }

  func sumSquares(_ source: Buffer, into destination: Buffer) { base.sumSquares(source, into: destination) }

  func adamStep(_ step: AdamStep, gradient: Buffer, _ state: AdamState) {
    base.adamStep(step, gradient: gradient, state)
  }
}

// MARK: Activations

extension CountingBackend {
  func enter(_ source: Buffer, scale: Float, shift: Float, into destination: Activation) {
    base.enter(source, scale: scale, shift: shift, into: destination)
  }

  func leave(_ source: Activation, into destination: Buffer) { base.leave(source, into: destination) }

  func activate(_ source: Activation, _ function: Nonlinearity, into destination: Activation) {
    base.activate(source, function, into: destination)
  }

  func activateGradient(
    _ source: Activation, _ function: Nonlinearity, _ gradient: Activation, into destination: Activation
  ) {
    base.activateGradient(source, function, gradient, into: destination)
  }

  func gatherRows(of table: Parameter, _ indices: [Int], into destination: Activation) {
    base.gatherRows(of: table, indices, into: destination)
  }

  func add(
    _ first: Activation, times firstScale: Float, _ second: Activation?, times secondScale: Float,
    into destination: Activation
  ) {
    base.add(first, times: firstScale, second, times: secondScale, into: destination)
  }

  func sumPixels(_ source: Activation, into destination: Activation) { base.sumPixels(source, into: destination) }

  func dropout(
    _ source: Activation, probability: Double, seeds: [UInt64], key: NoiseKey, into destination: Activation
  ) {
    base.dropout(source, probability: probability, seeds: seeds, key: key, into: destination)
  }

  func convolve(
    _ operand: Operand, _ filter: Parameter, _ shape: ConvolutionShape, _ epilogue: ConvolutionEpilogue,
    into destination: Activation
  ) {
    base.convolve(operand, filter, shape, epilogue, into: destination)
  }

  func convolveFilterGradient(
    _ operand: Operand, _ shape: ConvolutionShape, _ gradient: Activation, into destination: Buffer
  ) {
    base.convolveFilterGradient(operand, shape, gradient, into: destination)
  }

  func normalizeGroups(
    _ operand: Operand, _ normalization: GroupNormalization, scaleShift: Activation?, _ function: Nonlinearity,
    into destination: Activation
  ) {
    base.normalizeGroups(operand, normalization, scaleShift: scaleShift, function, into: destination)
  }

  func normalizeGroupsGradient(
    _ operand: Operand, _ normalization: GroupNormalization, scaleShift: Activation?, _ function: Nonlinearity,
    gradient: Activation, into destinations: NormalizationGradient
  ) {
    base.normalizeGroupsGradient(
      operand, normalization, scaleShift: scaleShift, function, gradient: gradient, into: destinations)
  }

  func attend(_ projections: Activation, heads: Int, into destination: Activation) {
    base.attend(projections, heads: heads, into: destination)
  }

  func attendGradient(_ projections: Activation, heads: Int, _ gradient: Activation, into destination: Activation) {
    base.attendGradient(projections, heads: heads, gradient, into: destination)
  }

  func halve(_ source: Activation, into destination: Activation) { base.halve(source, into: destination) }
  func double(_ source: Activation, into destination: Activation) { base.double(source, into: destination) }

  func spread(_ source: Activation, by stride: Int, into destination: Activation) {
    base.spread(source, by: stride, into: destination)
  }
}
