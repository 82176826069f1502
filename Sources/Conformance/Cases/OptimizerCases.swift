import Compute
import Instruments

// Cases of reductions and of the optimiser, on exact values.

// What the cases of each operation must cover.
extension ConformanceSuite {
  static var sumSquares: OperationCases {
    .init(
      sumSquaresCases(),
      shapes: .extents.union([.plain]),
      values: [.ordinary, .nan, .infinity, .zeros])
  }

  static var adamStep: OperationCases {
    .init(
      adamStepCases(),
      shapes: .extents.union([.trait(.inPlace)]),
      values: [.ordinary, .nan, .zeros])
  }
}

extension ConformanceSuite {
  /// Rows of every length, short and long.
  static func sumSquaresCases() -> [ConformanceCase] {
    func make(_ rows: Int, _ length: Int, _ values: ValueClass) -> ConformanceCase {
      let name = values == .ordinary ? "[\(rows), \(length)]" : values.rawValue
      return ConformanceCase(
        .sumSquares, name, values: values,
        tolerance: .sums(of: 64, reason: "sums of at most a few thousand terms in blocks")
      ) { inputs in
        var contents = inputs.values(0, rows * length)
        if values != .ordinary { contents = contents.special(values) }
        let source = inputs.backend.makeBuffer(contents), destination = inputs.destination(count: rows)
        return inputs.prepared(destination) { inputs.backend.sumSquares(source, into: destination) }
      }
    }
    let sizes = [(1, 1), (3, 7), (64, 784), (1, 9), (17, 33), (1, 1_000_003), (5, 4097), (2, 65), (31, 1)]
    return sizes.map { make($0, $1, .ordinary) } + [.nan, .infinity, .zeros].map { make(3, 70, $0) }
  }

  /// First and later steps, with each of the step's numbers at work; all that the step changes is compared.
  static func adamStepCases() -> [ConformanceCase] {
    let steps = [
      AdamStep(learningRate: 1e-3, count: 1),
      AdamStep(learningRate: 2e-4, weightDecay: 0.05, count: 2, emaDecay: 0.999),
      AdamStep(learningRate: 0.1, beta1: 0.5, beta2: 0.9, epsilon: 1e-3, count: 10, gradientScale: 0.3),
      AdamStep(learningRate: 1e-4, count: 100_000, gradientScale: 2, emaDecay: 0.9999),
    ]
    let counts = [1, 7, 33, 1000, 20_001, 257]
    let plain = counts.enumerated().flatMap { place, count in
      steps.enumerated().filter { count < 100 || $0.offset == place % 4 }.map { adamCase($1, $0, count, .ordinary) }
    }
    return plain + [.zeros, .nan].map { adamCase(steps[1], 1, 40, $0) }
  }

  private static func adamCase(_ step: AdamStep, _ number: Int, _ count: Int, _ values: ValueClass) -> ConformanceCase {
    let name = "\(values == .ordinary ? "" : values.rawValue + ", ")step \(step.count), form \(number), [\(count)]"
    return ConformanceCase(
      .adamStep, name, values: values, tolerance: .sums(of: 16, reason: "a few roundings, a root and a quotient")
    ) { inputs in
      let backend = inputs.backend
      let state = AdamState(
        values: inputs.buffer(0, count), firstMoment: inputs.buffer(1, count, .normal(deviation: 0.1)),
        secondMoment: backend.makeBuffer(inputs.values(2, count).map { $0 * $0 * 0.01 }),
        average: inputs.buffer(3, count))
      var changes = inputs.values(4, count)
      if values != .ordinary { changes = changes.special(values) }
      let gradient = backend.makeBuffer(changes)
      return PreparedCase {
        backend.adamStep(step, gradient: gradient, state)
      } result: { () throws(DeviceError) in
        try backend.read(state.values) + backend.read(state.firstMoment) + backend.read(state.secondMoment)
          + backend.read(state.average)
      }
    }
  }
}
