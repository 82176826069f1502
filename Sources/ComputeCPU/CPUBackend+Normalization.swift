import CPUKernels
public import Compute

/// A normalisation's arguments, and the storage that they point to.
struct PreparedNormalization {
  let arguments: cpu_normalization
  let statistics: CPUStorage
  let coefficients: CPUStorage
  let batch: Int

  /// Tasks over chunks of pixels.
  var chunkTasks: Int { batch * arguments.chunks }
}

extension CPUBackend {
  /// Two passes over memory; statistics are folded into groups in double precision.
  public func normalizeGroups(
    _ operand: Operand, _ normalization: GroupNormalization, scaleShift: FeatureMap?, _ function: Nonlinearity,
    into destination: FeatureMap
  ) {
    normalization.check(operand.shape, scaleShift: scaleShift, destination)
    guard let to = values(destination),
      let prepared = measured(operand, normalization, scaleShift: scaleShift, function)
    else { return }
    var arguments = prepared.arguments
    arguments.destination = to
    withExtendedLifetime(prepared) {
      pool.run(kernels.normalize, arguments, count: prepared.chunkTasks)
    }
  }

  /// Takes the statistics of an operand and makes coefficients of them, or returns nil after a failure.
  func measured(
    _ operand: Operand, _ normalization: GroupNormalization, scaleShift: FeatureMap?, _ function: Nonlinearity
  ) -> PreparedNormalization? {
    let shape = operand.shape
    normalization.check(shape, scaleShift: scaleShift)
    // A chunk of 32 KB is still in cache when its deviations from the mean are taken.
    let chunkPixels = min(shape.pixels, max(16, min(256, 8192 / shape.channels)))
    let chunks = pieces(shape.pixels, of: chunkPixels)
    let statistics = CPUStorage(count: shape.batch * chunks * 3 * shape.channels, in: memory)
    let coefficients = CPUStorage(count: shape.batch * 4 * shape.channels, in: memory)
    guard let source = values(operand), let gamma = plainForm(of: normalization.gamma),
      let beta = plainForm(of: normalization.beta), let sums = values(statistics), let lines = values(coefficients)
    else { return nil }
    var scales: UnsafeMutablePointer<Float>?
    if let scaleShift {
      guard let values = values(scaleShift) else { return nil }
      scales = values
    }
    let arguments = cpu_normalization(
      operand: source, destination: nil, gamma: gamma, beta: beta, scale_shift: scales, statistics: sums,
      coefficients: lines, batch: shape.batch, pixels: shape.pixels, groups: normalization.groups,
      chunk_pixels: chunkPixels, chunks: chunks, epsilon: normalization.epsilon, function: function.cValue)
    let prepared = PreparedNormalization(
      arguments: arguments, statistics: statistics, coefficients: coefficients, batch: shape.batch)
    pool.run(kernels.chunk_statistics, arguments, count: prepared.chunkTasks)
    pool.run(kernels.normalization_coefficients, arguments, count: shape.batch)
    return prepared
  }
}
