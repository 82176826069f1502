import Compute

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
}
