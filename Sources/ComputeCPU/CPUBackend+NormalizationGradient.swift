import CPUKernels
public import Compute

extension CPUBackend {
  /// Statistics again, then two passes over memory; sums are folded into groups in double precision.
  public func normalizeGroupsGradient(
    _ operand: Operand, _ normalization: GroupNormalization, scaleShift: FeatureMap?, _ function: Nonlinearity,
    gradient: FeatureMap, into destinations: NormalizationGradient
  ) {
    let shape = operand.shape
    destinations.check(operand, scaleShift: scaleShift, gradient: gradient)
    guard let prepared = measured(operand, normalization, scaleShift: scaleShift, function),
      let from = values(gradient), let first = values(destinations.first),
      let gamma = values(destinations.gamma), let beta = values(destinations.beta)
    else { return }
    let size = 2 * shape.channels
    let sums = CPUStorage(count: prepared.chunkTasks * size, in: memory)
    let lines = CPUStorage(count: shape.batch * size, in: memory),
      parts = CPUStorage(count: shape.batch * size, in: memory)
    guard let sumValues = values(sums), let lineValues = values(lines), let partValues = values(parts) else { return }
    var arguments = cpu_normalization_gradient()
    arguments.normalization = prepared.arguments
    arguments.gradient = UnsafePointer(from)
    arguments.first = first
    arguments.adds_to_first = destinations.addsToFirst
    arguments.adds_to_second = destinations.addsToSecond
    (arguments.sums, arguments.lines, arguments.gamma_beta) = (sumValues, lineValues, partValues)
    if let second = destinations.second {
      guard let values = values(second) else { return }
      arguments.second = values
    }
    if let scaleShift = destinations.scaleShift {
      guard let values = values(scaleShift) else { return }
      arguments.scale_shift = values
    }
    withExtendedLifetime((prepared, sums, lines, parts)) {
      pool.run(kernels.normalization_gradient_sums, arguments, count: prepared.chunkTasks)
      pool.run(kernels.normalization_gradient_lines, arguments, count: shape.batch)
      pool.run(kernels.normalization_gradient_apply, arguments, count: prepared.chunkTasks)
      fold(partValues, samples: shape.batch, of: size, into: gamma, count: shape.channels)
      fold(partValues + shape.channels, samples: shape.batch, of: size, into: beta, count: shape.channels)
    }
  }

  /// Adds lines of `count` values up, `stride` apart and one a sample.
  private func fold(
    _ parts: UnsafeMutablePointer<Float>, samples: Int, of stride: Int, into destination: UnsafeMutablePointer<Float>,
    count: Int
  ) {
    var arguments = pointwise(destination, count: count)
    arguments.sources.0 = UnsafePointer(parts)
    arguments.terms = samples
    arguments.row_length = stride
    arguments.chunk = 64
    pool.run(kernels.fold_samples, arguments, count: pieces(count, of: arguments.chunk))
  }
}
