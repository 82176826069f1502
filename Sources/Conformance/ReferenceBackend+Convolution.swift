public import Compute

extension ReferenceBackend {
  /// The formula itself.
  public func method(of shape: ConvolutionShape, output: FeatureMapShape) -> ConvolutionMethod {
    .init(name: "direct", filterBytes: 4 * shape.filterCount)
  }

  /// The sum of `ConvolutionShape` and the addends of `ConvolutionEpilogue`, term by term.
  public func convolve(
    _ operand: Operand, _ filter: Filter, _ shape: ConvolutionShape, _ epilogue: ConvolutionEpilogue,
    into destination: FeatureMap
  ) {
    let (input, output) = (operand.shape, destination.shape)
    checkConvolve(operand, filter, shape, epilogue, destination)
    let bias = epilogue.bias.map { Self.values(of: $0) }
    let offset = epilogue.channelOffset?.values
    let residual = epilogue.residual?.values
    var sums = Self.sums(operand.values, input, Self.values(of: filter).map(Double.init), shape, output)
    for plane in 0..<output.batch * output.channels {
      let channel = plane % output.channels
      for pixel in plane * output.pixels..<(plane + 1) * output.pixels {
        if let bias { sums[pixel] += Double(bias[channel]) }
        if let offset { sums[pixel] += offset[plane] }
        if let residual { sums[pixel] += residual[pixel] }
        sums[pixel] *= Double(epilogue.scale)
      }
    }
    destination.values = sums
  }

  /// The plain convolution.
  private static func sums(
    _ values: [Double], _ input: FeatureMapShape, _ filter: [Double], _ shape: ConvolutionShape,
    _ output: FeatureMapShape
  ) -> [Double] {
    let (width, factor) = (shape.kernelWidth, shape.upsamplesInput ? 2 : 1)
    var sums = [Double](repeating: 0, count: output.count)
    for sample in 0..<output.batch {
      for o in 0..<output.channels {
        for i in 0..<input.channels {
          for r in 0..<shape.kernel {
            for s in 0..<width {
              let weight = filter[((o * input.channels + i) * shape.kernel + r) * width + s]
              for y in 0..<output.height {
                let row = shape.stride * y + r - shape.padding.top
                guard 0..<factor * input.height ~= row else { continue }
                let source = ((sample * input.channels + i) * input.height + row / factor) * input.width
                let target = ((sample * output.channels + o) * output.height + y) * output.width
                for x in 0..<output.width {
                  let column = shape.stride * x + s - shape.padding.left
                  guard 0..<factor * input.width ~= column else { continue }
                  sums[target + x] += weight * values[source + column / factor]
                }
              }
            }
          }
        }
      }
    }
    return sums
  }

  /// The sum over samples and pixels, term by term.
  public func convolveFilterGradient(
    _ operand: Operand, _ shape: ConvolutionShape, _ gradient: FeatureMap, into destination: Buffer
  ) {
    let (input, output) = (operand.shape, gradient.shape)
    checkFilterGradient(operand, shape, gradient, destination)
    let (values, gradients) = (operand.values, gradient.values)
    let (width, factor) = (shape.kernelWidth, shape.upsamplesInput ? 2 : 1)
    var result = [Double](repeating: 0, count: shape.filterCount)
    for o in 0..<output.channels {
      for i in 0..<input.channels {
        for r in 0..<shape.kernel {
          for s in 0..<width {
            var sum = 0.0
            for sample in 0..<output.batch {
              for y in 0..<output.height {
                let row = shape.stride * y + r - shape.padding.top
                guard 0..<factor * input.height ~= row else { continue }
                let source = ((sample * input.channels + i) * input.height + row / factor) * input.width
                let target = ((sample * output.channels + o) * output.height + y) * output.width
                for x in 0..<output.width {
                  let column = shape.stride * x + s - shape.padding.left
                  guard 0..<factor * input.width ~= column else { continue }
                  sum += gradients[target + x] * values[source + column / factor]
                }
              }
            }
            result[((o * input.channels + i) * shape.kernel + r) * width + s] = sum
          }
        }
      }
    }
    destination.values = result
  }
}
