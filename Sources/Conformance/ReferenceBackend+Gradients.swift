public import Compute
import Foundation

// Gradients by their formulas; tests compare them with differences of the forward operations.

extension ReferenceBackend {
  /// Computes `out = firstScale * a + secondScale * b`.
  public func add(
    _ first: FeatureMap, times firstScale: Float, _ second: FeatureMap?, times secondScale: Float,
    into destination: FeatureMap
  ) {
    precondition(first.shape == destination.shape, "\(first.shape) does not go into \(destination.shape)")
    precondition(second.map { $0.shape == first.shape } ?? true, "\(first.shape) is not the second's shape")
    let others = second?.values
    destination.values = first.values.enumerated().map { index, value in
      Double(firstScale) * value + (others.map { Double(secondScale) * $0[index] } ?? 0)
    }
  }

  /// Computes `out[b, c] = sum over y, x of in[b, c, y, x]`.
  public func spatialSum(_ source: FeatureMap, into destination: FeatureMap) {
    let shape = source.shape
    precondition(destination.shape == .init(batch: shape.batch, channels: shape.channels), "not sums of \(shape)")
    let values = source.values
    destination.values = (0..<shape.batch * shape.channels).map { plane in
      values[plane * shape.pixels..<(plane + 1) * shape.pixels].reduce(0, +)
    }
  }

  /// Computes `out = f'(x) * g`.
  public func activateGradient(
    _ source: FeatureMap, _ function: Nonlinearity, _ gradient: FeatureMap, into destination: FeatureMap
  ) {
    precondition(source.shape == gradient.shape && source.shape == destination.shape, "three activations of one shape")
    destination.values = zip(source.values, gradient.values).map { function.derivative(at: $0) * $1 }
  }

  /// Philox words against the probability, one value after the other.
  public func dropout(
    _ source: FeatureMap, probability: Double, seeds: [UInt64], key: NoiseKey, into destination: FeatureMap
  ) {
    let shape = source.shape
    precondition(shape == destination.shape && seeds.count == shape.batch, "one seed for each sample of \(shape)")
    precondition(0..<1 ~= probability, "a probability is at least zero and less than one, not \(probability)")
    var values = source.values
    for sample in 0..<shape.batch {
      let seed = seeds[sample]
      let words = (0..<(shape.channels * shape.pixels + 3) / 4).flatMap { block in
        Philox.words(
          counter: [UInt32(block), key.step, key.draw, 1],
          key: (UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32)))
      }
      for channel in 0..<shape.channels {
        for pixel in 0..<shape.pixels {
          let index = (sample * shape.channels + channel) * shape.pixels + pixel
          let u = Double(words[pixel * shape.channels + channel]) * 0x1p-32
          values[index] = u >= probability ? values[index] / (1 - probability) : 0
        }
      }
    }
    destination.values = values
  }

  /// Computes `out[b, c, stride * y, stride * x] = in[b, c, y, x]`.
  public func dilate(_ source: FeatureMap, by stride: Int, into destination: FeatureMap) {
    let (input, output) = (source.shape, destination.shape)
    precondition(
      stride > 0 && output.batch == input.batch && output.channels == input.channels
        && output.height > stride * (input.height - 1) && output.width > stride * (input.width - 1),
      "\(input) spread by \(stride) does not fit \(output)")
    let values = source.values
    var result = [Double](repeating: 0, count: output.count)
    for plane in 0..<input.batch * input.channels {
      for y in 0..<input.height {
        for x in 0..<input.width {
          result[(plane * output.height + stride * y) * output.width + stride * x] =
            values[(plane * input.height + y) * input.width + x]
        }
      }
    }
    destination.values = result
  }

  /// The sum over samples and pixels, term by term.
  public func convolveFilterGradient(
    _ operand: Operand, _ shape: ConvolutionShape, _ gradient: FeatureMap, into destination: Buffer
  ) {
    let (input, output) = (operand.shape, gradient.shape)
    precondition(shape.output(for: input) == output, "\(shape) makes no \(output) of \(input)")
    precondition(destination.count == shape.filterCount, "\(destination.count) values are no filter of \(shape)")
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

  /// The gradient of the projections, one query after the other.
  public func attendGradient(
    _ projections: FeatureMap, heads: Int, _ gradient: FeatureMap, into destination: FeatureMap
  ) {
    let shape = gradient.shape
    let (channels, tokens) = (shape.channels, shape.pixels)
    precondition(projections.shape == shape.with(channels: 3 * channels), "\(projections.shape) are no projections")
    precondition(destination.shape == projections.shape && channels % heads == 0, "not the gradient of \(shape)")
    let width = channels / heads
    let root = Double(width).squareRoot()
    let (values, gradients) = (projections.values, gradient.values)
    var result = [Double](repeating: 0, count: values.count)
    for sample in 0..<shape.batch {
      for head in 0..<heads {
        let queries = (3 * sample * channels + head * width) * tokens
        let keys = queries + channels * tokens
        let contents = keys + channels * tokens
        let from = (sample * channels + head * width) * tokens
        for query in 0..<tokens {
          func dot(_ left: [Double], _ first: Int, _ right: [Double], _ second: Int) -> Double {
            (0..<width).reduce(0) { $0 + left[first + $1 * tokens] * right[second + $1 * tokens] }
          }
          let weights = softmax((0..<tokens).map { dot(values, queries + query, values, keys + $0) / root })
          let changes = (0..<tokens).map { dot(gradients, from + query, values, contents + $0) }
          let mean = zip(weights, changes).reduce(0) { $0 + $1.0 * $1.1 }
          for key in 0..<tokens {
            let logit = weights[key] * (changes[key] - mean) / root
            for d in 0..<width {
              result[queries + d * tokens + query] += logit * values[keys + d * tokens + key]
              result[keys + d * tokens + key] += logit * values[queries + d * tokens + query]
              result[contents + d * tokens + key] += weights[key] * gradients[from + d * tokens + query]
            }
          }
        }
      }
    }
    destination.values = result
  }

  /// Computes `out[r] = sum over i of x[r, i]^2`.
  public func sumSquares(_ source: Buffer, into destination: Buffer) {
    precondition(source.count % destination.count == 0, "\(source.count) values are not \(destination.count) rows")
    let (length, values) = (source.count / destination.count, source.values)
    destination.values = (0..<destination.count).map { row in
      values[row * length..<(row + 1) * length].reduce(0) { $0 + $1 * $1 }
    }
  }

  /// The formulas of the step, value by value.
  public func adamStep(_ step: AdamStep, gradient: Buffer, _ state: AdamState) {
    state.check(gradient: gradient)
    var (values, first, second) = (state.values.values, state.firstMoment.values, state.secondMoment.values)
    var average = state.average.values
    for (index, value) in gradient.values.enumerated() {
      let g = step.gradientScale * value
      first[index] = step.beta1 * first[index] + (1 - step.beta1) * g
      second[index] = step.beta2 * second[index] + (1 - step.beta2) * g * g
      let deviation = (second[index] * step.secondCorrection).squareRoot() + step.epsilon
      values[index] -= step.learningRate * step.weightDecay * values[index]
      values[index] -= step.correctedRate * first[index] / deviation
      average[index] = step.emaDecay * average[index] + (1 - step.emaDecay) * values[index]
    }
    state.values.values = values
    state.firstMoment.values = first
    state.secondMoment.values = second
    state.average.values = average
  }
}

extension Nonlinearity {
  /// The derivative by its formula, in Double.
  func derivative(at x: Double) -> Double {
    switch self {
    case .identity:
      return 1
    case .silu:
      let s = 1 / (1 + exp(-x))
      return s * (1 + x * (1 - s))
    case .mish:
      let t = tanh(log1p(exp(x)))
      return t + x * (1 - t * t) / (1 + exp(-x))
    case .gelu:
      return (1 + erf(x / 2.0.squareRoot())) / 2 + x * exp(-x * x / 2) / (2 * Double.pi).squareRoot()
    case .relu:
      return x.isNaN ? x : x > 0 ? 1 : 0
    }
  }
}
