import Compute

// What the cases of each operation must cover.
extension ConformanceSuite {
  static var convolveFilterGradient: OperationCases {
    .init(
      convolveFilterGradientCases(),
      shapes: .images.union([
        .embedding, .pair, .kernel(1), .kernel(3), .wideKernel, .tallKernel, .asymmetricStride2, .symmetricStride2,
        .unpaddedStride2, .doubledInput, .inputChannels(1), .inputChannels(3), .outputChannels(1), .outputChannels(3),
        .plain,
      ]),
      values: [.ordinary, .nan, .zeros])
  }
}

extension ConformanceSuite {
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
}
