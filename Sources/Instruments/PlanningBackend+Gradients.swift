public import Compute

// What training asks for: gradients, reductions and the optimiser.
extension PlanningBackend {
  /// Counts a sum of activations: two operations a value of each.
  public func add(
    _ first: FeatureMap, times firstScale: Float, _ second: FeatureMap?, times secondScale: Float,
    into destination: FeatureMap
  ) {
    let sources = [first] + (second.map { [$0] } ?? [])
    record(
      .add, .activations(operands: sources.map(\.shape), result: destination.shape),
      traits: sources.contains { $0 === destination } ? [.inPlace] : [], work: 2 * sources.count * first.shape.count,
      reads: bytes(first) + bytes(second), writes: bytes(destination))
  }

  /// Counts a sum of pixels: one operation a value.
  public func spatialSum(_ source: FeatureMap, into destination: FeatureMap) {
    record(
      .spatialSum, .activations(operands: [source.shape], result: destination.shape), work: source.shape.count,
      reads: bytes(source), writes: bytes(destination))
  }

  /// Counts a derivative: two operations a value.
  public func activateGradient(
    _ source: FeatureMap, _ function: Nonlinearity, _ gradient: FeatureMap, into destination: FeatureMap
  ) {
    record(
      .activateGradient, .activations(operands: [source.shape], result: destination.shape),
      traits: gradient === destination ? [.function(function), .inPlace] : [.function(function)],
      work: 2 * source.shape.count, reads: bytes(source) + bytes(gradient), writes: bytes(destination))
  }

  /// Counts a dropout: two operations a value.
  public func dropout(
    _ source: FeatureMap, probability: Double, seeds: [UInt64], key: NoiseKey, into destination: FeatureMap
  ) {
    record(
      .dropout, .activations(operands: [source.shape], result: destination.shape),
      traits: source === destination ? [.inPlace] : [], work: 2 * source.shape.count, reads: bytes(source),
      writes: bytes(destination))
  }

  /// Counts the products of the direct method, as many as the convolution has.
  public func convolveFilterGradient(
    _ operand: Operand, _ shape: ConvolutionShape, _ gradient: FeatureMap, into destination: Buffer
  ) {
    record(
      .convolveFilterGradient, .convolution(shape, operands: operand.shapes, result: gradient.shape),
      work: shape.floatingPointOperations(for: operand.shape),
      reads: bytes(operand.first) + bytes(operand.second) + bytes(gradient), writes: 4 * destination.count)
  }

  /// Counts the gradients of a normalisation: twenty operations a value.
  public func normalizeGroupsGradient(
    _ operand: Operand, _ normalization: GroupNormalization, scaleShift: FeatureMap?, _ function: Nonlinearity,
    gradient: FeatureMap, into destinations: NormalizationGradient
  ) {
    var traits: Set<OperationTrait> = [.function(function), .groups(normalization.groups)]
    if scaleShift != nil { traits.insert(.scaleShift) }
    if destinations.addsToFirst || destinations.addsToSecond { traits.insert(.addsToDestination) }
    if destinations.first === gradient { traits.insert(.inPlace) }
    let weights = note(normalization.gamma) + note(normalization.beta)
    let added =
      (destinations.addsToFirst ? bytes(destinations.first) : 0)
      + (destinations.addsToSecond ? bytes(destinations.second) : 0)
    record(
      .normalizeGroupsGradient, .activations(operands: operand.shapes, result: gradient.shape), traits: traits,
      work: 20 * operand.shape.count,
      reads: weights + bytes(operand.first) + bytes(operand.second) + bytes(scaleShift) + bytes(gradient) + added,
      writes: bytes(destinations.first) + bytes(destinations.second) + bytes(destinations.scaleShift)
        + 8 * destinations.gamma.count)
  }

  /// Counts the gradient of an attention: five products and a softmax.
  public func attendGradient(
    _ projections: FeatureMap, heads: Int, _ gradient: FeatureMap, into destination: FeatureMap
  ) {
    let shape = gradient.shape
    let scores = shape.batch * shape.pixels * shape.pixels
    record(
      .attendGradient, .activations(operands: [projections.shape, shape], result: destination.shape),
      traits: [.heads(heads)], work: scores * (10 * shape.channels + 11 * heads),
      reads: bytes(projections) + bytes(gradient), writes: bytes(destination))
  }

  /// Counts what is written.
  public func dilate(_ source: FeatureMap, by stride: Int, into destination: FeatureMap) {
    record(
      .dilate, .activations(operands: [source.shape], result: destination.shape), reads: bytes(source),
      writes: bytes(destination))
  }

  /// Counts a sum of squares: two operations a value.
  public func sumSquares(_ source: Buffer, into destination: Buffer) {
    record(
      .sumSquares, .rows(count: destination.count, length: source.count / destination.count), work: 2 * source.count,
      reads: 4 * source.count, writes: 4 * destination.count)
  }

  /// Counts a step: sixteen operations a value.
  public func adamStep(_ step: AdamStep, gradient: Buffer, _ state: AdamState) {
    let count = gradient.count
    record(
      .adamStep, .values(count: count, sources: 5), traits: [.inPlace], work: 16 * count, reads: 20 * count,
      writes: 16 * count)
  }
}
