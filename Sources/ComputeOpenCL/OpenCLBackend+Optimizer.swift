public import Compute

extension OpenCLBackend: ReductionOperations, OptimizerOperations {
  /// Sums of chunks of 1024 values, then of chunks.
  public func sumSquares(_ source: Buffer, into destination: Buffer) {
    let rows = destination.count
    checkSumSquares(source, destination)
    let length = source.count / rows, chunk = 1024, chunks = length.dividedUp(by: chunk)
    guard let x = memory(source), let out = memory(destination),
      let sums = pool.allocate(rows * chunks, for: "sums of squares")
    else { return }
    launch(
      .sumSquares, for: .sumSquares, items: rows * chunks, .memory(x.id), .memory(sums.id), .int(length), .int(chunk),
      .int(chunks), .int(rows))
    launch(.foldSquares, for: .sumSquares, items: rows, .memory(sums.id), .memory(out.id), .int(chunks), .int(rows))
  }

  /// One pass over all five lines of values.
  public func adamStep(_ step: AdamStep, gradient: Buffer, _ state: AdamState) {
    state.check(gradient: gradient)
    guard let g = memory(gradient), let values = memory(state.values), let first = memory(state.firstMoment),
      let second = memory(state.secondMoment), let average = memory(state.average)
    else { return }
    let numbers = [
      step.gradientScale, step.beta1, 1 - step.beta1, step.beta2, 1 - step.beta2,
      step.secondCorrection, step.epsilon, 1 - step.learningRate * step.weightDecay, step.correctedRate, step.emaDecay,
      1 - step.emaDecay,
    ]
    launch(
      .adamStep, for: .adamStep, items: gradient.count.dividedUp(by: parameters.lanes),
      [g, values, first, second, average].map { .memory($0.id) } + numbers.map { .float(Float($0)) }
        + [.int(gradient.count)])
  }
}
