import CPUKernels
public import Compute

extension CPUBackend {
  /// Two passes over memory; statistics are folded into groups in double precision.
  public func normalizeGroups(
    _ operand: Operand, _ normalization: GroupNormalization, scaleShift: Activation?, _ function: Nonlinearity,
    into destination: Activation
  ) {
    let shape = operand.shape
    check(shape, normalization, scaleShift: scaleShift, destination)
    // A chunk of 32 KB is still in cache when its deviations from the mean are taken.
    let chunkPixels = min(shape.pixels, max(16, min(256, 8192 / shape.channels)))
    let chunks = pieces(shape.pixels, of: chunkPixels)
    let statistics = CPUStorage(count: shape.batch * chunks * 3 * shape.channels, in: memory)
    let coefficients = CPUStorage(count: shape.batch * 3 * shape.channels, in: memory)
    guard let source = values(operand), let to = values(destination), let gamma = plainForm(of: normalization.gamma),
      let beta = plainForm(of: normalization.beta), let sums = values(statistics), let lines = values(coefficients)
    else { return }
    var scales: UnsafeMutablePointer<Float>?
    if let scaleShift {
      guard let values = values(scaleShift) else { return }
      scales = values
    }
    let arguments = cpu_normalization(
      operand: source, destination: to, gamma: gamma, beta: beta, scale_shift: scales, statistics: sums,
      coefficients: lines, batch: shape.batch, pixels: shape.pixels, groups: normalization.groups,
      chunk_pixels: chunkPixels, chunks: chunks, epsilon: normalization.epsilon, function: function.cValue)
    withExtendedLifetime((statistics, coefficients)) {
      pool.run(kernels.chunk_statistics, arguments, count: shape.batch * chunks)
      pool.run(kernels.normalization_coefficients, arguments, count: shape.batch)
      pool.run(kernels.normalize, arguments, count: shape.batch * chunks)
    }
  }

  private func check(
    _ shape: ActivationShape, _ normalization: GroupNormalization, scaleShift: Activation?, _ destination: Activation
  ) {
    precondition(destination.shape == shape, "\(destination.shape) is not \(shape)")
    precondition(
      normalization.groups > 0 && shape.channels % normalization.groups == 0,
      "\(normalization.groups) groups do not share \(shape.channels) channels")
    precondition(
      normalization.gamma.count == shape.channels && normalization.beta.count == shape.channels,
      "gamma and beta have one value for each of \(shape.channels) channels")
    precondition(
      scaleShift.map { $0.shape == .init(batch: shape.batch, channels: 2 * shape.channels) } ?? true,
      "scale and shift do not belong to \(shape)")
  }
}
