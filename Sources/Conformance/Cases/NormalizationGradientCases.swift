import Compute
import Instruments

// What the cases of each operation must cover.
extension ConformanceSuite {
  static var normalizeGroupsGradient: OperationCases {
    .init(
      normalizeGroupsGradientCases(),
      shapes: .images.union(ShapeClass.functions).union([
        .embedding, .pair, .seamInGroup, .plain, .trait(.scaleShift), .trait(.inPlace), .trait(.addsToDestination),
      ]),
      values: [.ordinary, .nan, .zeros, .largeMean])
  }
}

extension ConformanceSuite {
  /// The gradients of the list of normalisations: each operand's, gamma's and beta's, and those of scale and shift.
  static func normalizeGroupsGradientCases() -> [ConformanceCase] {
    let adding = normalizations.indices.map { $0 % 3 == 1 }
    let plain = zip(normalizations, adding).flatMap { (value: Normalization, adds: Bool) -> [ConformanceCase] in
      // What was normalised in place is gone; as a gradient, in place means that the result's becomes the operand's.
      [gradientCase(value, adds: adds && !value.inPlace, .ordinary)]
    }
    let special = Normalization(2, [16], 6, 7, groups: 4).inputs(.normal()).applying(.silu)
    let away = Normalization(2, [16], 16, 16, groups: 4).inputs(.normal(mean: 100, deviation: 1))
    return plain + [
      gradientCase(special, adds: false, .zeros), gradientCase(special, adds: false, .nan),
      gradientCase(away, adds: false, .largeMean),
    ]
  }

  private static func gradientCase(_ value: Normalization, adds: Bool, _ values: ValueClass) -> ConformanceCase {
    let name = "\(values == .ordinary ? "" : values.rawValue + ", ")\(value.name)\(adds ? ", added" : "")"
    let terms = value.groupCount
    // A group of one value has no gradient: what is left of it are the roundings of 1 / sqrt(epsilon).
    let factor = terms == 1 ? 64.0 : 8
    let tolerance =
      values == .largeMean
      ? Tolerance(bound: 1e-4, reason: "differences from the mean keep five digits")
      : Tolerance.sums(of: 4 * terms + 64, factor: factor, reason: "statistics and two means over \(terms) values")
    return ConformanceCase(.normalizeGroupsGradient, name, values: values, tolerance: tolerance) { inputs in
      prepared(value, inputs, adds: adds, values)
    }
  }

  private static func prepared(
    _ value: Normalization, _ inputs: CaseInputs, adds: Bool, _ values: ValueClass
  ) -> PreparedCase {
    let backend = inputs.backend, channels = value.channels, batch = value.operands[0].batch
    let activations = value.operands.enumerated().map { index, shape in
      inputs.activation(UInt64(index), shape, value.inputs) { contents in
        if values == .zeros { contents = contents.special(.zeros) }
        // One group of the first sample is lost, and no other.
        if values == .nan { contents[5 * shape.pixels + 1] = .nan }
      }
    }
    let operand = Operand(activations[0], activations.count == 2 ? activations[1] : nil)
    let normalization = GroupNormalization(
      groups: value.groups, epsilon: value.epsilon,
      gamma: inputs.parameter(10, [channels], .normal(mean: 1, deviation: 0.5)),
      beta: inputs.parameter(11, [channels], .normal(deviation: 0.5)))
    let vector = FeatureMapShape(batch: batch, channels: 2 * channels)
    let scaleShift = value.hasScaleShift ? inputs.activation(12, vector, .normal(deviation: 0.5)) : nil
    let gradient = inputs.activation(13, value.operands[0].with(channels: channels))
    func part(_ index: Int) -> FeatureMap {
      adds ? inputs.activation(20 + UInt64(index), value.operands[index]) : inputs.destination(value.operands[index])
    }
    let destinations = NormalizationGradient(
      first: value.inPlace ? gradient : part(0), addsToFirst: adds, second: activations.count == 2 ? part(1) : nil,
      addsToSecond: adds && activations.count == 2, gamma: inputs.destination(count: channels),
      beta: inputs.destination(count: channels),
      scaleShift: scaleShift.map { _ in inputs.destination(vector) })
    let function = value.function
    return PreparedCase {
      backend.normalizeGroupsGradient(
        operand, normalization, scaleShift: scaleShift, function, gradient: gradient, into: destinations)
    } result: { () throws(DeviceError) in
      var results: [Float] = []
      for part in [destinations.first, destinations.second, destinations.scaleShift] {
        guard let part else { continue }
        let buffer = backend.makeBuffer(count: part.shape.count)
        backend.leave(part, into: buffer)
        results += try backend.read(buffer)
      }
      return try results + backend.read(destinations.gamma) + backend.read(destinations.beta)
    }
  }
}
