import CPUKernels
public import Compute

extension CPUBackend {
  /// Sums of chunks of 4096 values, added up in double precision.
  public func sumSquares(_ source: Buffer, into destination: Buffer) {
    checkSumSquares(source, destination)
    let length = source.count / destination.count, chunk = 4096, chunks = pieces(length, of: chunk)
    let sums = CPUStorage(count: destination.count * chunks, in: memory)
    guard let from = values(source), let to = values(destination), let parts = values(sums) else { return }
    let arguments = cpu_rows(
      source: from, destination: parts, seeds: nil, row_length: length, chunk: chunk, chunks: chunks, step: 0, draw: 0)
    withExtendedLifetime(sums) {
      pool.run(kernels.sum_squares, arguments, count: destination.count * chunks)
      for row in 0..<destination.count {
        to[row] = Float((0..<chunks).reduce(0.0) { $0 + Double(parts[row * chunks + $1]) })
      }
    }
  }

  /// One pass over all five lines of values.
  public func adamStep(_ step: AdamStep, gradient: Buffer, _ state: AdamState) {
    state.check(gradient: gradient)
    guard let from = values(gradient), let to = values(state.values), let first = values(state.firstMoment),
      let second = values(state.secondMoment), let average = values(state.average)
    else { return }
    let arguments = cpu_adam(
      gradient: from, values: to, first: first, second: second, average: average, count: gradient.count, chunk: 16384,
      gradient_scale: Float(step.gradientScale), first_decay: Float(step.beta1),
      first_rest: Float(1 - step.beta1), second_decay: Float(step.beta2),
      second_rest: Float(1 - step.beta2), second_correction: Float(step.secondCorrection),
      epsilon: Float(step.epsilon), keep: Float(1 - step.learningRate * step.weightDecay),
      corrected_rate: Float(step.correctedRate), average_decay: Float(step.emaDecay),
      average_rest: Float(1 - step.emaDecay))
    pool.run(kernels.adam_step, arguments, count: pieces(arguments.count, of: arguments.chunk))
  }
}
