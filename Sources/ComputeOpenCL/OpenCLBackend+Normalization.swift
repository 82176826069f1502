public import Compute

/// What the statistics of an operand were made into, and how.
struct MeasuredNormalization {
  /// `coefficients` of normalization.cl.
  let coefficients: DeviceMemory
  let gamma: DeviceMemory
  let beta: DeviceMemory
  /// Scale and shift, or anything where there are none.
  let modulation: DeviceMemory
  /// Pixels of a chunk, and chunks of a sample.
  let chunk: Int
  let chunks: Int
}

extension OpenCLBackend: NormalizationOperations {
  /// Group normalisation in three kernels: moments of channels in chunks of pixels, folded to groups, applied.
  public func normalizeGroups(
    _ operand: Operand, _ normalization: GroupNormalization, scaleShift: FeatureMap?, _ function: Nonlinearity,
    into destination: FeatureMap
  ) {
    let shape = destination.shape
    normalization.check(operand.shape, scaleShift: scaleShift, destination)
    guard let measured = measured(operand, normalization, scaleShift: scaleShift, for: .normalizeGroups),
      let first = memory(operand.first), let second = memory(operand.second ?? operand.first),
      let out = memory(destination)
    else { return }
    let vectors = vectors(of: shape)
    launch(
      .normalizeApply, for: .normalizeGroups, items: vectors, .memory(first.id), .memory(second.id),
      .memory(measured.coefficients.id), .memory(out.id), .int(operand.first.shape.channels),
      .int(operand.second?.shape.channels ?? 0), .int(shape.pixels), .int(function.number), .int(vectors))
  }

  /// The gradients in four kernels after the statistics: sums over chunks, folded to groups, applied, summed over samples.
  public func normalizeGroupsGradient(
    _ operand: Operand, _ normalization: GroupNormalization, scaleShift: FeatureMap?, _ function: Nonlinearity,
    gradient: FeatureMap, into destinations: NormalizationGradient
  ) {
    let shape = operand.shape, operation = OperationKind.normalizeGroupsGradient
    destinations.check(operand, scaleShift: scaleShift, gradient: gradient)
    guard let measured = measured(operand, normalization, scaleShift: scaleShift, for: operation),
      let g = memory(gradient), let gammaOut = memory(destinations.gamma), let betaOut = memory(destinations.beta),
      let sums = pool.allocate(2 * shape.batch * measured.chunks * shape.paddedChannels, for: "sums of \(shape)"),
      let lines = pool.allocate(2 * shape.batch * shape.paddedChannels, for: "lines of \(shape)"),
      let parts = pool.allocate(2 * shape.batch * shape.paddedChannels, for: "parts of \(shape)"),
      let modulationOut = destinations.scaleShift.map({ memory($0) }) ?? parts
    else { return }
    let operands: [(source: FeatureMap, destination: FeatureMap, adds: Bool)] =
      [(operand.first, destinations.first, destinations.addsToFirst)]
      + (operand.second.flatMap { source in
        destinations.second.map { [(source, $0, destinations.addsToSecond)] }
      } ?? [])
    var base = 0
    for (source, _, _) in operands {
      guard let x = memory(source) else { return }
      launch(
        .gradientSums, for: operation,
        items: shape.batch * measured.chunks * source.shape.paddedChannels / parameters.lanes, .memory(x.id),
        .memory(g.id), .memory(measured.coefficients.id), .memory(sums.id), .int(source.shape.channels), .int(base),
        .int(shape.channels), .int(shape.pixels), .int(measured.chunk), .int(measured.chunks), .int(shape.batch),
        .int(function.number))
      base += source.shape.channels
    }
    launch(
      .gradientLines, for: operation, items: shape.batch * normalization.groups, .memory(sums.id),
      .memory(measured.coefficients.id), .memory(measured.gamma.id), .memory(measured.beta.id),
      .memory(measured.modulation.id), .memory(lines.id), .memory(parts.id), .memory(modulationOut.id),
      .int(shape.channels), .int(normalization.groups), .int(shape.pixels), .int(measured.chunks), .int(shape.batch),
      .int(scaleShift == nil ? 0 : 1))
    base = 0
    for (source, destination, adds) in operands {
      guard let x = memory(source), let out = memory(destination) else { return }
      let vectors = vectors(of: source.shape)
      launch(
        .gradientApply, for: operation, items: vectors, .memory(x.id), .memory(g.id), .memory(measured.coefficients.id),
        .memory(lines.id), .memory(out.id), .int(source.shape.channels), .int(base), .int(shape.channels),
        .int(shape.pixels), .int(function.number), .int(adds ? 1 : 0), .int(vectors))
      base += source.shape.channels
    }
    for (line, out) in [gammaOut, betaOut].enumerated() {
      launch(
        .foldSamples, for: operation, items: shape.channels, .memory(parts.id), .memory(out.id), .int(line),
        .int(shape.channels), .int(shape.batch))
    }
  }

  /// Takes the statistics of an operand and makes coefficients of them.
  private func measured(
    _ operand: Operand, _ normalization: GroupNormalization, scaleShift: FeatureMap?, for operation: OperationKind
  ) -> MeasuredNormalization? {
    let shape = operand.shape
    normalization.check(shape, scaleShift: scaleShift)
    // Few enough chunks to fold in one go, yet enough of them for all cores; a function of the image alone.
    let chunk = max(16, shape.pixels.dividedUp(by: 64))
    let chunks = shape.pixels.dividedUp(by: chunk)
    let momentCount = shape.batch * chunks * 2 * shape.channels
    guard let gamma = vector(normalization.gamma), let beta = vector(normalization.beta),
      let modulation = scaleShift.map({ memory($0) }) ?? beta,
      let moments = pool.allocate(momentCount, for: "moments of \(shape)"),
      let coefficients = pool.allocate(4 * shape.batch * shape.paddedChannels, for: "coefficients of \(shape)")
    else { return nil }
    var base = 0
    for part in [operand.first, operand.second] {
      guard let part else { continue }
      guard let x = memory(part) else { return nil }
      launch(
        .measureChannels, for: operation, items: shape.batch * chunks * part.shape.paddedChannels / parameters.lanes,
        .memory(x.id), .memory(moments.id), .int(part.shape.channels), .int(base), .int(shape.channels),
        .int(shape.pixels), .int(chunk), .int(chunks), .int(shape.batch))
      base += part.shape.channels
    }
    launch(
      .foldMoments, for: operation, items: shape.batch * normalization.groups, .memory(moments.id),
      .memory(gamma.id), .memory(beta.id), .memory(modulation.id), .memory(coefficients.id), .int(shape.channels),
      .int(normalization.groups), .int(shape.pixels), .int(chunk), .int(chunks), .int(shape.batch),
      .float(normalization.epsilon), .int(scaleShift == nil ? 0 : 1))
    return .init(
      coefficients: coefficients, gamma: gamma, beta: beta, modulation: modulation, chunk: chunk, chunks: chunks)
  }
}
