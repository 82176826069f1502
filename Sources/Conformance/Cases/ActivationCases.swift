import Compute
import Instruments

// What the cases of each operation must cover.
extension ConformanceSuite {
  static var enter: OperationCases {
    .init(
      enterCases(),
      shapes: .images.union([.embedding]),
      values: [.ordinary, .nan, .infinity, .zeros])
  }

  static var leave: OperationCases {
    .init(
      leaveCases(),
      shapes: .images.union([.embedding]),
      values: [.ordinary, .nan, .infinity, .zeros])
  }

  static var activate: OperationCases {
    .init(
      activateCases(),
      shapes: .images.union(ShapeClass.functions).union([.embedding, .trait(.inPlace)]),
      values: [.ordinary, .nan, .infinity, .zeros, .huge])
  }

  static var lookUpEmbedding: OperationCases {
    .init(
      lookUpEmbeddingCases(),
      shapes: .extents.union(ShapeClass.batches).union([.embedding]),
      values: [.ordinary, .nan])
  }

  static var add: OperationCases {
    .init(
      addCases(),
      shapes: .images.union([.embedding, .plain, .trait(.inPlace)]),
      values: [.ordinary, .nan, .infinity, .zeros])
  }

  static var spatialSum: OperationCases {
    .init(
      spatialSumCases(),
      shapes: .images.union([.embedding]),
      values: [.ordinary, .nan, .zeros])
  }

  static var activateGradient: OperationCases {
    .init(
      activateGradientCases(),
      shapes: .images.union(ShapeClass.functions).union([.embedding, .trait(.inPlace)]),
      values: [.ordinary, .nan, .zeros])
  }
}

extension ConformanceSuite {
  /// Images of the sizes of U-Nets at 28 and 32, of one pixel, odd ones, rectangular ones, with channels around tiles, and
  /// one of many pieces.
  static let images: [FeatureMapShape] = [
    .init(batch: 1, channels: 1), .init(batch: 3, channels: 128), .init(batch: 1, channels: 67),
    .init(batch: 2, channels: 1, height: 28, width: 28), .init(batch: 1, channels: 3, height: 32, width: 32),
    .init(batch: 2, channels: 15, height: 14, width: 14), .init(batch: 1, channels: 17, height: 7, width: 7),
    .init(batch: 2, channels: 31, height: 16, width: 16), .init(batch: 1, channels: 33, height: 8, width: 8),
    .init(batch: 3, channels: 65, height: 4, width: 4), .init(batch: 2, channels: 8, height: 5, width: 13),
    .init(batch: 1, channels: 16, height: 9, width: 1), .init(batch: 2, channels: 5, height: 12, width: 20),
    .init(batch: 3, channels: 37, height: 45, width: 43),
  ]

  /// The way in: an affine function of every value.
  static func enterCases() -> [ConformanceCase] {
    let tolerance = Tolerance.sums(of: 2)
    let plain = images.map { shape in
      ConformanceCase(.enter, "\(shape)", tolerance: tolerance) { inputs in
        enter(inputs, shape, inputs.values(0, shape.count), scale: 2.5, shift: -0.75)
      }
    }
    let shape = FeatureMapShape(batch: 2, channels: 3, height: 7, width: 5)
    let centred = ConformanceCase(.enter, "as it is", tolerance: .exact) { inputs in
      enter(inputs, shape, inputs.values(0, shape.count), scale: 1, shift: 0)
    }
    let special = [ValueClass.nan, .infinity, .zeros].map { values in
      ConformanceCase(.enter, "\(values.rawValue)", values: values, tolerance: tolerance) { inputs in
        enter(inputs, shape, inputs.values(0, shape.count).special(values), scale: 2, shift: 0.5)
      }
    }
    return plain + [centred] + special
  }

  private static func enter(
    _ inputs: CaseInputs, _ shape: FeatureMapShape, _ values: [Float], scale: Float, shift: Float
  ) -> PreparedCase {
    let samples = inputs.samples(of: shape.batch)
    let size = shape.channels * shape.pixels
    let source = inputs.backend.makeBuffer(Array(values[samples.lowerBound * size..<samples.upperBound * size]))
    let destination = inputs.destination(shape)
    return inputs.prepared(destination) {
      inputs.backend.enter(source, scale: scale, shift: shift, into: destination)
    }
  }

  /// The way out.
  static func leaveCases() -> [ConformanceCase] {
    let plain = images.map { shape in
      ConformanceCase(.leave, "\(shape)", tolerance: .exact) { inputs in
        leave(inputs, inputs.activation(0, shape))
      }
    }
    let shape = FeatureMapShape(batch: 2, channels: 3, height: 7, width: 5)
    let special = [ValueClass.nan, .infinity, .zeros].map { values in
      ConformanceCase(.leave, "\(values.rawValue)", values: values, tolerance: .exact) { inputs in
        leave(inputs, inputs.activation(0, shape) { $0 = $0.special(values) })
      }
    }
    return plain + special
  }

  private static func leave(_ inputs: CaseInputs, _ source: FeatureMap) -> PreparedCase {
    let destination = inputs.destination(count: source.shape.count)
    return inputs.prepared(destination) { inputs.backend.leave(source, into: destination) }
  }

  /// Every function, in place and not.
  static func activateCases() -> [ConformanceCase] {
    let tolerance = Tolerance.sums(of: 16, reason: "a few roundings of an exponential and its quotient")
    let plain = images.enumerated().flatMap { index, shape in
      Nonlinearity.allCases.enumerated().map { place, function in
        let inPlace = (index + place) % 2 == 0
        return ConformanceCase(
          .activate, "\(function.rawValue) \(shape)\(inPlace ? " in place" : "")", tolerance: tolerance
        ) { inputs in
          activate(inputs, inputs.activation(0, shape, .normal(deviation: 2)), function, inPlace: inPlace)
        }
      }
    }
    let shape = FeatureMapShape(batch: 2, channels: 3, height: 7, width: 5)
    let special = Nonlinearity.allCases.flatMap { function in
      [ValueClass.nan, .infinity, .zeros, .huge].map { values in
        ConformanceCase(
          .activate, "\(function.rawValue) \(values.rawValue)", values: values, tolerance: tolerance
        ) { inputs in
          let source = inputs.activation(0, shape) { input in
            input = input.special(values)
            // At minus infinity the formulas of all but two functions are of the form infinity times zero.
            if function != .identity, function != .relu { input = input.map { $0 == -.infinity ? .infinity : $0 } }
          }
          return activate(inputs, source, function, inPlace: false)
        }
      }
    }
    return plain + special
  }

  private static func activate(
    _ inputs: CaseInputs, _ source: FeatureMap, _ function: Nonlinearity, inPlace: Bool
  ) -> PreparedCase {
    let destination = inPlace ? source : inputs.backend.makeFeatureMap(source.shape)
    return inputs.prepared(destination) { inputs.backend.activate(source, function, into: destination) }
  }

  /// Class embeddings, and tables around the sizes of tiles.
  static func lookUpEmbeddingCases() -> [ConformanceCase] {
    let tables = [
      (rows: 1, channels: 1, [0]), (10, 64, [3, 9, 0, 9]), (10, 128, [7]), (1000, 33, [999, 0, 500]),
      (5, 15, [4, 4]), (3, 257, [2, 1, 0, 0, 1]), (2, 31, [1]),
    ]
    return tables.map { rows, channels, indices in
      ConformanceCase(
        .lookUpEmbedding, "\(indices.count) of \(rows) rows of \(channels)", tolerance: .exact
      ) { inputs in
        gather(inputs, inputs.parameter(0, [rows, channels]), indices)
      }
    } + [
      ConformanceCase(.lookUpEmbedding, "nan in another row", values: .nan, tolerance: .exact) { inputs in
        var values = inputs.values(0, 4 * 17)
        for index in 17..<34 { values[index] = .nan }
        return gather(inputs, .init(shape: [4, 17], values: values), [0, 1, 2])
      }
    ]
  }

  private static func gather(_ inputs: CaseInputs, _ table: Parameter, _ indices: [Int]) -> PreparedCase {
    let destination = inputs.destination(.init(batch: indices.count, channels: table.shape[1]))
    let wanted = Array(indices[inputs.samples(of: indices.count)])
    return inputs.prepared(destination) { inputs.backend.lookUpEmbedding(of: table, wanted, into: destination) }
  }

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
}
