import Compute

// Cases of what training asks for: what only moves and adds activations, filters, attention.

extension ConformanceSuite {
  /// Sums of two, of one, and into one of them.
  static func addCases() -> [ConformanceCase] {
    let means = FeatureMapShape(batch: 2, channels: 37)
    return images.enumerated().map { index, shape in
      ConformanceCase(
        .add, "\(index % 3 == 0 ? "one" : "two") \(shape)\(index % 2 == 0 ? "" : " in place")",
        tolerance: .sums(of: 3)
      ) { inputs in
        add(inputs, shape, isSingle: index % 3 == 0, inPlace: index % 2 == 1) { _ in }
      }
    }
      // A vector that is scaled where it lies.
      + [FeatureMapShape(batch: 3, channels: 20, height: 1, width: 1)].map { shape in
        ConformanceCase(.add, "one \(shape) in place", tolerance: .sums(of: 3)) { inputs in
          add(inputs, shape, isSingle: true, inPlace: true) { _ in }
        }
      }
      + [ValueClass.nan, .infinity, .zeros].map { values in
        let shape = FeatureMapShape(batch: 2, channels: 3, height: 7, width: 5)
        return ConformanceCase(.add, "\(values.rawValue)", values: values, tolerance: .sums(of: 3)) { inputs in
          add(inputs, shape, isSingle: false, inPlace: false) { $0 = $0.special(values) }
        }
      }
      // Sums over pixels that become means.
      + [
        ConformanceCase(.add, "one \(means) in place", tolerance: .sums(of: 3)) { inputs in
          add(inputs, means, isSingle: true, inPlace: true) { _ in }
        }
      ]
  }

  private static func add(
    _ inputs: CaseInputs, _ shape: FeatureMapShape, isSingle: Bool, inPlace: Bool, _ change: (inout [Float]) -> Void
  ) -> PreparedCase {
    let first = inputs.activation(0, shape, .normal(), change)
    let second = isSingle ? nil : inputs.activation(1, shape)
    let destination = inPlace ? second ?? first : inputs.destination(shape)
    return inputs.prepared(destination) {
      inputs.backend.add(first, times: 0.25, second, times: -1.5, into: destination)
    }
  }

  /// Sums over the pixels of images of every kind.
  static func spatialSumCases() -> [ConformanceCase] {
    func make(_ shape: FeatureMapShape, _ values: ValueClass) -> ConformanceCase {
      let name = values == .ordinary ? "\(shape)" : values.rawValue
      return ConformanceCase(
        .spatialSum, name, values: values, tolerance: .sums(of: shape.pixels)
      ) { inputs in
        let source = inputs.activation(0, shape, .normal(mean: 0.3)) {
          if values != .ordinary { $0 = $0.special(values) }
        }
        let destination = inputs.destination(.init(batch: shape.batch, channels: shape.channels))
        return inputs.prepared(destination) { inputs.backend.spatialSum(source, into: destination) }
      }
    }
    let special = FeatureMapShape(batch: 2, channels: 3, height: 7, width: 5)
    return images.map { make($0, .ordinary) } + [.nan, .zeros].map { make(special, $0) }
  }

  /// Every function's derivative, in place and not.
  static func activateGradientCases() -> [ConformanceCase] {
    let tolerance = Tolerance.sums(of: 16, reason: "a few roundings of an exponential and its quotient")
    func make(_ function: Nonlinearity, _ shape: FeatureMapShape, _ values: ValueClass, inPlace: Bool)
      -> ConformanceCase
    {
      let name = values == .ordinary ? "\(shape)" : values.rawValue
      return ConformanceCase(
        .activateGradient, "\(function.rawValue) \(name)\(inPlace ? " in place" : "")", values: values,
        tolerance: tolerance
      ) { inputs in
        let source = inputs.activation(0, shape, .normal(deviation: 2)) {
          if values != .ordinary { $0 = $0.special(values) }
        }
        let gradient = inputs.activation(1, shape)
        let destination = inPlace ? gradient : inputs.destination(shape)
        return inputs.prepared(destination) {
          inputs.backend.activateGradient(source, function, gradient, into: destination)
        }
      }
    }
    let special = FeatureMapShape(batch: 2, channels: 3, height: 7, width: 5)
    return images.enumerated().flatMap { index, shape in
      Nonlinearity.allCases.enumerated().map { place, function in
        make(function, shape, .ordinary, inPlace: (index + place) % 2 == 0)
      }
    }
      + Nonlinearity.allCases.flatMap { function in
        [ValueClass.nan, .zeros].map { make(function, special, $0, inPlace: false) }
      }
  }

  /// Values dropped with small and large probability; what stays is only scaled.
  static func dropoutCases() -> [ConformanceCase] {
    func make(_ shape: FeatureMapShape, _ probability: Double, _ values: ValueClass, inPlace: Bool) -> ConformanceCase {
      let name = values == .ordinary ? "\(shape)" : values.rawValue
      return ConformanceCase(
        .dropout, "\(probability) \(name)\(inPlace ? " in place" : "")", values: values, tolerance: .sums(of: 1)
      ) { inputs in
        let source = inputs.activation(0, shape) { if values != .ordinary { $0 = $0.special(values) } }
        let destination = inPlace ? source : inputs.destination(shape)
        let seeds = inputs.samples(of: shape.batch).map { 0x1234_5678_9ABC_DEF0 &* UInt64($0 + 3) }
        return inputs.prepared(destination) {
          inputs.backend.dropout(
            source, probability: probability, seeds: seeds, key: .init(step: 7, draw: 2), into: destination)
        }
      }
    }
    let special = FeatureMapShape(batch: 2, channels: 3, height: 7, width: 5)
    return images.enumerated().map { index, shape in
      make(shape, [0.1, 0.5, 0, 0.9][index % 4], .ordinary, inPlace: index % 2 == 1)
    } + [.zeros].map { make(special, 0.3, $0, inPlace: false) }
  }

  /// Pixels moved apart, by one to three, with and without space at the end.
  static func dilateCases() -> [ConformanceCase] {
    images.enumerated().map { index, shape in
      let stride = [2, 2, 3, 1][index % 4], more = index % 2 == 0 ? stride - 1 : 0
      return ConformanceCase(.dilate, "by \(stride) \(shape)", tolerance: .exact) { inputs in
        let destination = inputs.destination(
          .init(
            batch: shape.batch, channels: shape.channels, height: stride * (shape.height - 1) + 1 + more,
            width: stride * (shape.width - 1) + 1 + more))
        let source = inputs.activation(0, shape)
        return inputs.prepared(destination) { inputs.backend.dilate(source, by: stride, into: destination) }
      }
    }
      + [ValueClass.nan, .zeros].map { values in
        let shape = FeatureMapShape(batch: 2, channels: 3, height: 4, width: 5)
        return ConformanceCase(.dilate, values.rawValue, values: values, tolerance: .exact) { inputs in
          let destination = inputs.destination(.init(batch: 2, channels: 3, height: 8, width: 10))
          let source = inputs.activation(0, shape) { $0 = $0.special(values) }
          return inputs.prepared(destination) { inputs.backend.dilate(source, by: 2, into: destination) }
        }
      }
  }

  /// The filter gradient of every layer in the list of convolutions, epilogues apart.
  static func convolveFilterGradientCases() -> [ConformanceCase] {
    let plain = convolutions.map { (layer: Layer) -> Layer in
      var layer = layer
      (layer.hasBias, layer.hasOffset, layer.residual, layer.scale) = (false, false, nil, 1)
      return layer
    }
    let square = Layer(2, [9], 7, 6, to: 10).unbiased
    return plain.map { filterGradientCase($0, .ordinary) }.unique()
      + [.zeros, .nan].map { filterGradientCase(square, $0) }
  }

  private static func filterGradientCase(_ layer: Layer, _ values: ValueClass) -> ConformanceCase {
    let output = layer.shape.output(for: layer.input)
    let name = values == .ordinary ? layer.name : "\(values.rawValue), \(layer.name)"
    return ConformanceCase(
      .convolveFilterGradient, name, values: values, tolerance: .sums(of: output.batch * output.pixels)
    ) { inputs in
      let activations = layer.operands.enumerated().map { place, shape in
        inputs.activation(UInt64(place), shape) { if values != .ordinary { $0 = $0.special(values) } }
      }
      let operand = Operand(activations[0], activations.count == 2 ? activations[1] : nil)
      let gradient = inputs.activation(9, output), shape = layer.shape
      let destination = inputs.destination(count: shape.filterCount)
      return inputs.prepared(destination) {
        inputs.backend.convolveFilterGradient(operand, shape, gradient, into: destination)
      }
    }
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
