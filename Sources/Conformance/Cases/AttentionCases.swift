import Compute

// What the cases of each operation must cover.
extension ConformanceSuite {
  static var attend: OperationCases {
    .init(
      attendCases(),
      shapes: .images.union([.embedding, .headWidth8, .oneHead]),
      values: [.ordinary, .nan, .zeros, .huge])
  }

  static var attendGradient: OperationCases {
    .init(
      attendGradientCases(),
      shapes: .images.union([.embedding, .headWidth8, .oneHead]),
      values: [.ordinary, .zeros, .huge])
  }
}

extension ConformanceSuite {
  /// Heads of eight channels and heads of all, at the sizes at which U-Nets attend, and around tiles.
  static func attendCases() -> [ConformanceCase] {
    attentionShapes.map { attendCase($0, heads: $1) } + specialAttentionCases()
  }

  /// The sizes of all cases.
  static var attentionShapes: [(FeatureMapShape, heads: Int)] {
    [
      (.init(batch: 1, channels: 1), 1), (.init(batch: 2, channels: 8), 1),
      (.init(batch: 1, channels: 64, height: 7, width: 7), 1), (.init(batch: 2, channels: 64, height: 7, width: 7), 8),
      (.init(batch: 1, channels: 32, height: 8, width: 8), 4), (.init(batch: 3, channels: 32, height: 8, width: 8), 1),
      (.init(batch: 1, channels: 32, height: 16, width: 16), 1),
      (.init(batch: 1, channels: 16, height: 16, width: 16), 2),
      (.init(batch: 2, channels: 128, height: 4, width: 4), 1),
      (.init(batch: 1, channels: 128, height: 4, width: 4), 16),
      (.init(batch: 1, channels: 16, height: 14, width: 14), 2),
      (.init(batch: 1, channels: 8, height: 32, width: 32), 1),
      (.init(batch: 1, channels: 8, height: 28, width: 28), 1), (.init(batch: 2, channels: 24, height: 3, width: 5), 3),
      (.init(batch: 1, channels: 17, height: 5, width: 13), 1), (.init(batch: 2, channels: 15, height: 3, width: 3), 3),
      (.init(batch: 1, channels: 31, height: 1, width: 17), 1),
      (.init(batch: 1, channels: 66, height: 3, width: 11), 2),
      (.init(batch: 1, channels: 256, height: 2, width: 4), 1),
      (.init(batch: 1, channels: 512, height: 4, width: 4), 1),
      (.init(batch: 1, channels: 512, height: 3, width: 3), 64),
      (.init(batch: 2, channels: 18, height: 31, width: 33), 2),
      // Tiny ones for tensor cores, which take heads of multiples of eight: within a step of 32 dimensions and across two.
      (.init(batch: 1, channels: 16, height: 2, width: 3), 1), (.init(batch: 1, channels: 48, height: 1, width: 5), 1),
      (.init(batch: 2, channels: 32, height: 2, width: 2), 2),
    ]
  }

  /// One case.
  static func attendCase(_ shape: FeatureMapShape, heads: Int) -> ConformanceCase {
    .init(.attend, "\(heads) heads \(shape)", tolerance: attentionTolerance(shape, heads, logits: 8)) {
      attend($0, shape, heads, .normal(deviation: 1.5))
    }
  }

  private static func attentionTolerance(_ shape: FeatureMapShape, _ heads: Int, logits: Double) -> Tolerance {
    let terms = shape.pixels + shape.channels / heads
    return exponentials(of: terms, logits: logits)
  }

  private static func specialAttentionCases() -> [ConformanceCase] {
    let shape = FeatureMapShape(batch: 2, channels: 16, height: 3, width: 6)
    return [ValueClass.nan, .zeros, .huge].map { values in
      let tolerance = attentionTolerance(shape, 2, logits: values == .huge ? 1000 : 8)
      return ConformanceCase(.attend, "\(values.rawValue)", values: values, tolerance: tolerance) { inputs in
        attend(inputs, shape, 2) { projections in
          switch values {
          // One query of one head of the first sample: one pixel of that head, and no other.
          case .nan: projections[3 * 18 + 7] = .nan
          // Logits of some hundreds, whose exponentials are infinite unless the largest is subtracted.
          case .huge: projections = projections.map { 10 * $0 }
          default: projections = projections.special(values)
          }
        }
      }
    }
  }

  private static func attend(
    _ inputs: CaseInputs, _ shape: FeatureMapShape, _ heads: Int, _ distribution: Distribution = .normal(),
    _ change: (inout [Float]) -> Void = { _ in }
  ) -> PreparedCase {
    let projections = inputs.activation(0, shape.with(channels: 3 * shape.channels), distribution, change)
    let destination = inputs.destination(shape)
    return inputs.prepared(destination) { inputs.backend.attend(projections, heads: heads, into: destination) }
  }

  /// The sizes at which networks attend.
  static func attendGradientCases() -> [ConformanceCase] {
    attentionShapes.map { attendGradientCase($0, heads: $1, .ordinary) }
      + [.zeros, .huge].map { attendGradientCase(.init(batch: 2, channels: 16, height: 3, width: 6), heads: 2, $0) }
  }

  private static func attendGradientCase(_ shape: FeatureMapShape, heads: Int, _ values: ValueClass) -> ConformanceCase
  {
    let name = values == .ordinary ? "\(heads) heads \(shape)" : values.rawValue
    let terms = 2 * shape.pixels + shape.channels / heads
    return ConformanceCase(
      .attendGradient, name, values: values, tolerance: exponentials(of: terms, logits: values == .huge ? 1000 : 8)
    ) { inputs in
      let whole = shape.with(channels: 3 * shape.channels)
      let projections = inputs.activation(0, whole, .normal(deviation: 1.5)) { projections in
        if values == .huge { projections = projections.map { 7 * $0 } }
        if values == .zeros { projections = projections.special(.zeros) }
      }
      let gradient = inputs.activation(1, shape), destination = inputs.destination(whole)
      return inputs.prepared(destination) {
        inputs.backend.attendGradient(projections, heads: heads, gradient, into: destination)
      }
    }
  }
}
