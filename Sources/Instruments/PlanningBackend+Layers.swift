public import Compute

extension PlanningBackend {
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

  /// Counts the products of the direct method, as many as the convolution has.
  public func convolveFilterGradient(
    _ operand: Operand, _ shape: ConvolutionShape, _ gradient: FeatureMap, into destination: Buffer
  ) {
    record(
      .convolveFilterGradient, .convolution(shape, operands: operand.shapes, result: gradient.shape),
      work: shape.floatingPointOperations(for: operand.shape),
      reads: bytes(operand.first) + bytes(operand.second) + bytes(gradient), writes: 4 * destination.count)
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

  /// Counts an attention: its two products and its softmax.
  public func attend(_ projections: FeatureMap, heads: Int, into destination: FeatureMap) {
    let shape = destination.shape
    let scores = shape.batch * shape.pixels * shape.pixels
    record(
      .attend, .activations(operands: [projections.shape], result: shape), traits: [.heads(heads)],
      work: scores * (4 * shape.channels + 7 * heads), reads: bytes(projections), writes: bytes(destination))
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

  /// Counts a blur: in each direction an addition of the two neighbours, a doubling and its addition, and one factor.
  public func blur(_ source: FeatureMap, into destination: FeatureMap) {
    record(
      .blur, .activations(operands: [source.shape], result: destination.shape), work: 7 * destination.shape.count,
      reads: bytes(source), writes: bytes(destination))
  }

  /// Counts a pooling: one operation a pixel of each window.
  public func poolWindows(_ source: FeatureMap, _ shape: PoolingShape, into destination: FeatureMap) {
    record(
      .poolWindows, .activations(operands: [source.shape], result: destination.shape), traits: [.pooling(shape)],
      work: shape.size * shape.size * destination.shape.count, reads: bytes(source), writes: bytes(destination))
  }

  /// Counts what is written.
  public func dilate(_ source: FeatureMap, by stride: Int, into destination: FeatureMap) {
    record(
      .dilate, .activations(operands: [source.shape], result: destination.shape), reads: bytes(source),
      writes: bytes(destination))
  }
}

extension Operand {
  /// The shapes of the one or two activations.
  var shapes: [FeatureMapShape] { [first.shape] + (second.map { [$0.shape] } ?? []) }
}
