import Compute

extension ConformanceSuite {
  /// Means of 2x2 blocks; odd last rows and columns are dropped.
  static func halveCases() -> [ConformanceCase] {
    let shapes =
      images.filter { $0.height > 1 && $0.width > 1 } + [
        .init(batch: 2, channels: 7, height: 2, width: 2), .init(batch: 1, channels: 9, height: 3, width: 3),
        .init(batch: 1, channels: 4, height: 17, width: 33),
      ]
    return shapes.map { shape in
      ConformanceCase(.halve, "\(shape)", tolerance: .sums(of: 4)) { inputs in
        halve(inputs, inputs.activation(0, shape))
      }
    }
      + [ValueClass.nan, .infinity, .zeros].map { values in
        let shape = ActivationShape(batch: 2, channels: 3, height: 7, width: 6)
        return ConformanceCase(.halve, "\(values.rawValue)", values: values, tolerance: .sums(of: 4)) { inputs in
          halve(inputs, inputs.activation(0, shape) { $0 = $0.special(values) })
        }
      }
  }

  private static func halve(_ inputs: CaseInputs, _ source: Activation) -> PreparedCase {
    let shape = source.shape
    let destination = inputs.backend.makeActivation(
      .init(batch: shape.batch, channels: shape.channels, height: shape.height / 2, width: shape.width / 2))
    return inputs.prepared(destination) { inputs.backend.halve(source, into: destination) }
  }

  /// Every pixel four times.
  static func doubleCases() -> [ConformanceCase] {
    images.map { shape in
      ConformanceCase(.double, "\(shape)", tolerance: .exact) { inputs in
        double(inputs, inputs.activation(0, shape))
      }
    }
      + [ValueClass.nan, .infinity, .zeros].map { values in
        let shape = ActivationShape(batch: 2, channels: 3, height: 7, width: 6)
        return ConformanceCase(.double, "\(values.rawValue)", values: values, tolerance: .exact) { inputs in
          double(inputs, inputs.activation(0, shape) { $0 = $0.special(values) })
        }
      }
  }

  private static func double(_ inputs: CaseInputs, _ source: Activation) -> PreparedCase {
    let shape = source.shape
    let destination = inputs.backend.makeActivation(
      .init(batch: shape.batch, channels: shape.channels, height: 2 * shape.height, width: 2 * shape.width))
    return inputs.prepared(destination) { inputs.backend.double(source, into: destination) }
  }
}
