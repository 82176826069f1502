import Compute

extension ConformanceSuite {
  /// Convolutions from some input channels of a larger filter.
  static func partialConvolutionCases() -> [ConformanceCase] {
    [(Layer(2, [12], 7, 9, to: 6), 3..<8), (Layer(1, [40], 16, 16, to: 17, kernel: 1), 16..<40)].map {
      layer, channels in
      let whole = layer.shape, shape = whole.with(inputChannels: channels.count)
      return ConformanceCase(
        .convolve, "\(layer.name), channels \(channels.lowerBound) to \(channels.upperBound - 1)",
        tolerance: .sums(of: layer.terms, factor: 16, reason: "sums of terms that may be transformed")
      ) { inputs in
        let source = inputs.activation(0, layer.input.with(channels: channels.count))
        let deviation = 1 / Double(layer.terms).squareRoot()
        let filter = inputs.parameter(10, whole.filterShape, .normal(deviation: deviation))
        let destination = inputs.destination(whole.output(for: layer.input))
        return inputs.prepared(destination) {
          inputs.backend.convolve(
            Operand(source), Filter(filter, .inputs(channels, of: whole)), shape, .init(), into: destination)
        }
      }
    }
  }

  /// Convolutions that take the gradient of an input, with filters that lie on the device and are mirrored there.
  static func mirroredConvolutionCases() -> [ConformanceCase] {
    mirroredLayers.map { layer, channels in
      let shape = layer.shape, plan = shape.inputGradient(for: layer.input)
      let terms = plan.convolution.inputChannels * plan.convolution.taps
      return ConformanceCase(
        .convolve, "input gradient of \(layer.name), channels \(channels.lowerBound) to \(channels.upperBound - 1)",
        tolerance: .sums(of: terms, factor: 16, reason: "sums of \(terms) terms, possibly transformed")
      ) { inputs in
        let output = shape.output(for: layer.input)
        let gradient = inputs.activation(
          0,
          .init(batch: output.batch, channels: output.channels, height: plan.dilatedHeight, width: plan.dilatedWidth))
        let filter = inputs.parameter(10, shape.filterShape, .normal(deviation: 1 / Double(terms).squareRoot()))
        filter.adopt(inputs.buffer(10, filter.count), on: inputs.backend)
        let destination = inputs.destination(layer.input.with(channels: channels.count))
        return inputs.prepared(destination) {
          inputs.backend.convolve(
            Operand(gradient), Filter(filter, .mirrored(shape, channels: channels)),
            plan.convolution.with(outputChannels: channels.count), .init(), into: destination)
        }
      }
    }
  }

  /// Layers forward, and the input channels whose gradients are taken.
  private static var mirroredLayers: [(Layer, Range<Int>)] {
    [
      (Layer(2, [5], 7, 9, to: 6).unbiased, 0..<5), (Layer(1, [32], 16, 16, to: 17).unbiased, 3..<32),
      (Layer(2, [12], 8, 8, to: 20, kernel: 1).unbiased, 4..<9),
      (Layer(2, [6], 8, 12, to: 9).strided(2).unbiased, 0..<6),
      (Layer(2, [7], 8, 8, to: 5).strided(2).padded(.init(top: 0, bottom: 1, left: 0, right: 1)).unbiased, 2..<7),
      (Layer(2, [8], 5, 4, to: 6).doubled.unbiased, 0..<8), (Layer(1, [20], 7, 7, to: 33).doubled.unbiased, 1..<18),
      (Layer(1, [9], 9, 9, to: 4, kernel: 5).unbiased, 0..<9),
    ]
  }
}
