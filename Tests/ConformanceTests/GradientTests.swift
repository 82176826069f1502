import Compute
import Conformance
import Testing

/// The oracle's gradients against differences of its forward operations, in Double, along random directions.
@Suite("Gradients of the oracle")
struct GradientTests {
  let oracle = ReferenceBackend()

  /// Values that depend on a number only.
  private func values(_ seed: Int, _ count: Int) -> [Double] {
    var state = UInt64(seed) &* 0x9E37_79B9_7F4A_7C15 | 1
    return (0..<count).map { _ in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Double(Int64(bitPattern: state) >> 33) * 0x1p-30
    }
  }

  private func activation(_ values: [Double], _ shape: FeatureMapShape) -> FeatureMap {
    let result = oracle.makeFeatureMap(shape)
    oracle.setExactValues(values, of: result)
    return result
  }

  /// Whether `gradient` is the derivative of `function` times `weights` at `x`, along a random direction.
  private func check(
    _ x: [Double], _ weights: [Double], _ gradient: [Double], tolerance: Double = 1e-7,
    _ function: ([Double]) -> [Double]
  ) {
    let direction = values(99, x.count), step = 1e-5
    func loss(_ side: Double) -> Double {
      zip(function(zip(x, direction).map { $0 + side * step * $1 }), weights).reduce(0) { $0 + $1.0 * $1.1 }
    }
    let difference = (loss(1) - loss(-1)) / (2 * step)
    let derivative = zip(gradient, direction).reduce(0) { $0 + $1.0 * $1.1 }
    let size = max(abs(difference), gradient.reduce(0) { $0 + $1 * $1 }.squareRoot())
    #expect(abs(difference - derivative) <= tolerance * max(size, 1e-3), "\(difference) and \(derivative)")
  }

  @Test("Derivatives of functions", arguments: Nonlinearity.allCases)
  func functions(function: Nonlinearity) {
    let shape = FeatureMapShape(batch: 2, channels: 3, height: 4, width: 5)
    let x = values(1, shape.count).map { 3 * $0 }, weights = values(2, shape.count)
    let result = oracle.makeFeatureMap(shape)
    oracle.activateGradient(activation(x, shape), function, activation(weights, shape), into: result)
    check(x, weights, oracle.exactValues(of: result)) { x in
      let out = oracle.makeFeatureMap(shape)
      oracle.activate(activation(x, shape), function, into: out)
      return oracle.exactValues(of: out)
    }
  }

  static let convolutions: [(ConvolutionShape, height: Int, width: Int)] = [
    (.init(inputChannels: 3, outputChannels: 4, kernel: 3, padding: .all(1)), 5, 6),
    (.init(inputChannels: 3, outputChannels: 4, kernel: 3, padding: .all(1), upsamplesInput: true), 3, 4),
    (.init(inputChannels: 3, outputChannels: 2, kernel: 3, stride: 2, padding: .all(1)), 6, 8),
    (.init(inputChannels: 2, outputChannels: 3, kernel: 3, stride: 2, padding: .all(1)), 7, 5),
    (
      .init(
        inputChannels: 3, outputChannels: 2, kernel: 3, stride: 2,
        padding: .init(top: 0, bottom: 1, left: 0, right: 1)), 6, 8
    ),
    (.init(inputChannels: 4, outputChannels: 5, kernel: 1), 3, 3),
    (
      .init(
        inputChannels: 3, outputChannels: 4, kernel: 1, kernelWidth: 7,
        padding: .init(top: 0, bottom: 0, left: 3, right: 3)), 5, 6
    ),
    (.init(inputChannels: 3, outputChannels: 2, kernel: 4, kernelWidth: 2, stride: 2, padding: .all(1)), 8, 7),
    (.init(inputChannels: 2, outputChannels: 3, kernel: 5, stride: 3, padding: .all(2)), 11, 10),
  ]

  @Test("Convolutions: of the filter by differences, of the input by the adjoint identity", arguments: convolutions)
  func convolution(shape: ConvolutionShape, height: Int, width: Int) throws {
    let input = FeatureMapShape(batch: 2, channels: shape.inputChannels, height: height, width: width)
    let output = shape.output(for: input)
    let x = values(1, input.count), g = values(2, output.count)
    let filter = values(3, shape.filterCount).map { Float($0) }
    let extents = shape.filterShape
    let gradient = oracle.makeBuffer(count: shape.filterCount)
    oracle.convolveFilterGradient(Operand(activation(x, input)), shape, activation(g, output), into: gradient)
    let forward = oracle.makeFeatureMap(output)
    oracle.convolve(Operand(activation(x, input)), .init(shape: extents, values: filter), shape, .init(), into: forward)
    // The convolution is linear in its filter and in its input: <conv(x, f), g> = <f, df(x, g)> = <x, dx(f, g)>.
    let product = zip(oracle.exactValues(of: forward), g).reduce(0) { $0 + $1.0 * $1.1 }
    let ofFilter = zip(oracle.exactValues(of: gradient), filter).reduce(0) { $0 + $1.0 * Double($1.1) }
    #expect(abs(product - ofFilter) <= 1e-9 * max(1, abs(product)))
    let plan = shape.inputGradient(for: input)
    var source = activation(g, output)
    if plan.dilation > 1 {
      let spread = oracle.makeFeatureMap(
        .init(batch: 2, channels: output.channels, height: plan.dilatedHeight, width: plan.dilatedWidth))
      oracle.dilate(source, by: plan.dilation, into: spread)
      source = spread
    }
    let mirrored = Parameter(
      shape: plan.convolution.filterShape,
      values: shape.inputGradientFilter(filter))
    let back = oracle.makeFeatureMap(input)
    oracle.convolve(Operand(source), mirrored, plan.convolution, .init(), into: back)
    let ofInput = zip(oracle.exactValues(of: back), x).reduce(0) { $0 + $1.0 * $1.1 }
    // The mirrored filter of a doubled input adds 32-bit numbers up.
    #expect(abs(product - ofInput) <= 1e-6 * max(1, abs(product)))
  }

  @Test("Group normalisation: of the input, gamma, beta, scale and shift", arguments: [Nonlinearity.silu, .gelu])
  func normalization(function: Nonlinearity) throws {
    let shape = FeatureMapShape(batch: 2, channels: 6, height: 3, width: 4)
    let vector = FeatureMapShape(batch: 2, channels: 12)
    let x = values(1, shape.count), weights = values(2, shape.count), modulation = values(3, vector.count)
    let gamma = values(4, 6).map { Float($0) }, beta = values(5, 6).map { Float($0) }
    func normalization(_ gamma: [Float], _ beta: [Float]) -> GroupNormalization {
      .init(
        groups: 3, epsilon: 1e-5, gamma: .init(shape: [6], values: gamma), beta: .init(shape: [6], values: beta))
    }
    func forward(_ x: [Double], _ modulation: [Double], _ gamma: [Float], _ beta: [Float]) -> [Double] {
      let out = oracle.makeFeatureMap(shape)
      oracle.normalizeGroups(
        Operand(activation(x, shape)), normalization(gamma, beta), scaleShift: activation(modulation, vector), function,
        into: out)
      return oracle.exactValues(of: out)
    }
    let result = NormalizationGradient(
      first: oracle.makeFeatureMap(shape), gamma: oracle.makeBuffer(count: 6), beta: oracle.makeBuffer(count: 6),
      scaleShift: oracle.makeFeatureMap(vector))
    oracle.normalizeGroupsGradient(
      Operand(activation(x, shape)), normalization(gamma, beta), scaleShift: activation(modulation, vector), function,
      gradient: activation(weights, shape), into: result)
    check(x, weights, oracle.exactValues(of: result.first)) { forward($0, modulation, gamma, beta) }
    let modulationGradient = oracle.exactValues(of: try #require(result.scaleShift))
    check(modulation, weights, modulationGradient) { forward(x, $0, gamma, beta) }
    // Gamma and beta are 32-bit numbers, so their differences are taken over exact steps of 2^-6.
    for (place, buffer) in [result.gamma, result.beta].enumerated() {
      for channel in 0..<6 {
        func loss(_ side: Float) -> Double {
          var lines = [gamma, beta]
          lines[place][channel] += side * 0x1p-12
          return zip(forward(x, modulation, lines[0], lines[1]), weights).reduce(0) { $0 + $1.0 * $1.1 }
        }
        let lines = [gamma, beta]
        let span = Double(lines[place][channel] + 0x1p-12) - Double(lines[place][channel] - 0x1p-12)
        let difference = (loss(1) - loss(-1)) / span
        #expect(abs(difference - oracle.exactValues(of: buffer)[channel]) < 1e-5)
      }
    }
  }

  @Test("Attention", arguments: [1, 2])
  func attention(heads: Int) {
    let shape = FeatureMapShape(batch: 2, channels: 4, height: 2, width: 3)
    let whole = shape.with(channels: 12)
    let x = values(1, whole.count), weights = values(2, shape.count)
    let result = oracle.makeFeatureMap(whole)
    oracle.attendGradient(activation(x, whole), heads: heads, activation(weights, shape), into: result)
    check(x, weights, oracle.exactValues(of: result)) { x in
      let out = oracle.makeFeatureMap(shape)
      oracle.attend(activation(x, whole), heads: heads, into: out)
      return oracle.exactValues(of: out)
    }
  }

  @Test("Dropout keeps the mean, drops the asked part, and is its own gradient")
  func dropout() {
    let shape = FeatureMapShape(batch: 4, channels: 32, height: 16, width: 16)
    let out = oracle.makeFeatureMap(shape)
    oracle.dropout(
      activation(.init(repeating: 1, count: shape.count), shape), probability: 0.3, seeds: [1, 2, 3, 4],
      key: .init(step: 5), into: out)
    let values = oracle.exactValues(of: out)
    let dropped = Double(values.filter { $0 == 0 }.count) / Double(values.count)
    // Four standard deviations of a mean of 32,768 choices.
    #expect(abs(dropped - 0.3) < 4 * (0.21 / 32_768).squareRoot())
    #expect(Set(values) == [0, 1 / 0.7])
  }
}
