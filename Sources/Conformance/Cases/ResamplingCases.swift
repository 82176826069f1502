import Compute
import Instruments

// What the cases of each operation must cover.
extension ConformanceSuite {
  static var downsample: OperationCases {
    .init(
      downsampleCases(),
      shapes: .images,
      values: [.ordinary, .nan, .infinity, .zeros])
  }

  static var upsample: OperationCases {
    .init(
      upsampleCases(),
      shapes: .images.union([.embedding]),
      values: [.ordinary, .nan, .infinity, .zeros])
  }

  static var blur: OperationCases {
    .init(
      blurCases(),
      shapes: .images.union([.embedding]),
      values: [.ordinary, .nan, .infinity, .zeros])
  }

  static var poolWindows: OperationCases {
    .init(
      poolWindowsCases(),
      shapes: .images.union(poolings.map { .trait(.pooling($0)) }).union([.embedding]),
      values: [.ordinary, .nan, .infinity, .zeros])
  }

  static var dilate: OperationCases {
    .init(
      dilateCases(),
      shapes: .images.union([.embedding]),
      values: [.ordinary, .nan, .zeros])
  }
}

extension ConformanceSuite {
  /// Means of 2x2 blocks; odd last rows and columns are dropped.
  static func downsampleCases() -> [ConformanceCase] {
    let shapes =
      images.filter { $0.height > 1 && $0.width > 1 } + [
        .init(batch: 2, channels: 7, height: 2, width: 2), .init(batch: 1, channels: 9, height: 3, width: 3),
        .init(batch: 1, channels: 4, height: 17, width: 33),
      ]
    return shapes.map { shape in
      ConformanceCase(.downsample, "\(shape)", tolerance: .sums(of: 4)) { inputs in
        downsample(inputs, inputs.activation(0, shape))
      }
    }
      + [ValueClass.nan, .infinity, .zeros].map { values in
        let shape = FeatureMapShape(batch: 2, channels: 3, height: 7, width: 6)
        return ConformanceCase(.downsample, "\(values.rawValue)", values: values, tolerance: .sums(of: 4)) { inputs in
          downsample(inputs, inputs.activation(0, shape) { $0 = $0.special(values) })
        }
      }
  }

  private static func downsample(_ inputs: CaseInputs, _ source: FeatureMap) -> PreparedCase {
    let shape = source.shape
    let destination = inputs.backend.makeFeatureMap(
      .init(batch: shape.batch, channels: shape.channels, height: shape.height / 2, width: shape.width / 2))
    return inputs.prepared(destination) { inputs.backend.downsample(source, into: destination) }
  }

  /// Images of every kind, of one pixel as well, where all neighbours lie outside; into as large ones, larger and smaller ones.
  static func blurCases() -> [ConformanceCase] {
    func make(_ shape: FeatureMapShape, _ name: String, _ values: ValueClass, margin: Int = 0) -> ConformanceCase {
      let margined = margin == 0 ? name : "\(name), \(margin > 0 ? "larger" : "smaller")"
      return ConformanceCase(.blur, margined, values: values, tolerance: .sums(of: 9)) { inputs in
        let source = inputs.activation(0, shape) { if values != .ordinary { $0 = $0.special(values) } }
        let destination = inputs.destination(
          .init(
            batch: shape.batch, channels: shape.channels, height: shape.height + 2 * margin,
            width: shape.width + 2 * margin))
        return inputs.prepared(destination) { inputs.backend.blur(source, into: destination) }
      }
    }
    let special = FeatureMapShape(batch: 2, channels: 3, height: 7, width: 6)
    return images.map { make($0, "\($0)", .ordinary) } + images.map { make($0, "\($0)", .ordinary, margin: 1) }
      + images.filter { min($0.height, $0.width) > 2 }.map { make($0, "\($0)", .ordinary, margin: -1) }
      + [ValueClass.nan, .infinity, .zeros].flatMap { values in
        (-1...1).map { make(special, values.rawValue, values, margin: $0) }
      }
  }

  /// The poolings of Inception v3.
  static let poolings: [PoolingShape] = [
    .init(.maximum, size: 3, stride: 2), .init(.mean, size: 3, padding: 1), .init(.maximum, size: 3, padding: 1),
  ]

  /// Windows inside of the image and past its edges, with whatever remains at the end.
  static func poolWindowsCases() -> [ConformanceCase] {
    let others: [PoolingShape] = [
      .init(.mean, size: 5, stride: 3, padding: 2), .init(.maximum, size: 2, stride: 2),
      .init(.mean, size: 2, stride: 1, padding: 1), .init(.maximum, size: 1),
    ]
    return images.enumerated().flatMap { index, shape in
      (poolings + [others[index % others.count]]).filter { min(shape.height, shape.width) + 2 * $0.padding >= $0.size }
        .map { poolWindowsCase($0, shape, .ordinary) }
    }
      + [ValueClass.nan, .infinity, .zeros].flatMap { values in
        poolings.map { poolWindowsCase($0, .init(batch: 2, channels: 3, height: 7, width: 6), values) }
      }
  }

  private static func poolWindowsCase(
    _ pooling: PoolingShape, _ shape: FeatureMapShape, _ values: ValueClass
  ) -> ConformanceCase {
    let name = "\(pooling.kind.rawValue) of \(pooling.size)/\(pooling.stride), padding \(pooling.padding), \(shape)"
    return ConformanceCase(
      .poolWindows, values == .ordinary ? name : "\(values.rawValue), \(name)", values: values,
      tolerance: pooling.kind == .maximum ? .exact : .sums(of: pooling.size * pooling.size)
    ) { inputs in
      let source = inputs.activation(0, shape) { if values != .ordinary { $0 = $0.special(values) } }
      let destination = inputs.destination(pooling.output(for: shape))
      return inputs.prepared(destination) { inputs.backend.poolWindows(source, pooling, into: destination) }
    }
  }

  /// Every pixel four times.
  static func upsampleCases() -> [ConformanceCase] {
    images.map { shape in
      ConformanceCase(.upsample, "\(shape)", tolerance: .exact) { inputs in
        upsample(inputs, inputs.activation(0, shape))
      }
    }
      + [ValueClass.nan, .infinity, .zeros].map { values in
        let shape = FeatureMapShape(batch: 2, channels: 3, height: 7, width: 6)
        return ConformanceCase(.upsample, "\(values.rawValue)", values: values, tolerance: .exact) { inputs in
          upsample(inputs, inputs.activation(0, shape) { $0 = $0.special(values) })
        }
      }
  }

  private static func upsample(_ inputs: CaseInputs, _ source: FeatureMap) -> PreparedCase {
    let shape = source.shape
    let destination = inputs.backend.makeFeatureMap(
      .init(batch: shape.batch, channels: shape.channels, height: 2 * shape.height, width: 2 * shape.width))
    return inputs.prepared(destination) { inputs.backend.upsample(source, into: destination) }
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
}
