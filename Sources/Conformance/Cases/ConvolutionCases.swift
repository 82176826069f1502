import Compute
import Instruments

/// One convolution: the layer of a network with random weights.
struct Layer {
  var operands: [FeatureMapShape]
  var outputs: Int
  var kernel: Int
  var kernelWidth: Int
  var stride = 1
  var padding: Padding
  var doubles = false
  var hasBias = true
  var hasOffset = false
  var residual: Residual?
  var scale: Float = 1

  enum Residual {
    case separate, destination
  }

  init(
    _ batch: Int, _ channels: [Int], _ height: Int, _ width: Int, to outputs: Int, kernel: Int = 3
  ) {
    operands = channels.map { .init(batch: batch, channels: $0, height: height, width: width) }
    self.outputs = outputs
    self.kernel = kernel
    kernelWidth = kernel
    padding = .all(kernel / 2)
  }

  private func with<Value>(_ path: WritableKeyPath<Self, Value>, _ value: Value) -> Self {
    var result = self
    result[keyPath: path] = value
    return result
  }

  var doubled: Self { with(\.doubles, true) }
  var unbiased: Self { with(\.hasBias, false) }
  var offset: Self { with(\.hasOffset, true) }
  /// So many columns of the filter, in place of as many as rows, padded so that the size stays.
  func columns(_ width: Int) -> Self {
    let (rows, columns) = (kernel / 2, width / 2)
    return with(\.kernelWidth, width).padded(.init(top: rows, bottom: rows, left: columns, right: columns))
  }
  func strided(_ stride: Int) -> Self { with(\.stride, stride) }
  func padded(_ padding: Padding) -> Self { with(\.padding, padding) }
  func residual(_ residual: Residual) -> Self { with(\.residual, residual) }
  func scaled(_ scale: Float) -> Self { with(\.scale, scale) }

  /// The layer with one epilogue for each set of bits: bias, channel offset, residual, scale, and the residual in place.
  func epilogues(_ sets: some Sequence<Int>) -> [Layer] {
    sets.map { bits in
      var layer = self
      layer.hasBias = bits & 1 != 0
      layer.hasOffset = bits & 2 != 0
      layer.residual = bits & 4 == 0 ? nil : bits & 16 == 0 ? .separate : .destination
      layer.scale = bits & 8 == 0 ? 1 : -1.5
      return layer
    }
  }

  var input: FeatureMapShape { operands[0].with(channels: operands.reduce(0) { $0 + $1.channels }) }

  var shape: ConvolutionShape {
    .init(
      inputChannels: input.channels, outputChannels: outputs, kernel: kernel, kernelWidth: kernelWidth, stride: stride,
      padding: padding, upsamplesInput: doubles)
  }

  var name: String {
    var parts = ["\(OperationShape.convolution(shape, operands: operands, result: shape.output(for: input)))"]
    if padding != columns(kernelWidth).padding {
      parts.append("padding \(padding.top) \(padding.bottom) \(padding.left) \(padding.right)")
    }
    if hasBias { parts.append("bias") }
    if hasOffset { parts.append("offset") }
    if let residual { parts.append(residual == .separate ? "residual" : "residual in place") }
    if scale != 1 { parts.append("scale") }
    return parts.joined(separator: ", ")
  }

  var terms: Int { input.channels * shape.taps }

  func prepared(_ inputs: CaseInputs, _ change: (inout [Float]) -> Void = { _ in }) -> PreparedCase {
    let shape = shape
    let output = shape.output(for: input)
    let activations = operands.enumerated().map { inputs.activation(UInt64($0), $1, .normal(), change) }
    let operand = Operand(activations[0], activations.count == 2 ? activations[1] : nil)
    // The weights of a fresh layer, so that sums are of the size of the addends.
    let deviation = 1 / Double(terms).squareRoot()
    let filter = inputs.parameter(10, shape.filterShape, .normal(deviation: deviation))
    var epilogue = ConvolutionEpilogue(scale: scale)
    if hasBias { epilogue.bias = inputs.parameter(11, [outputs]) }
    if hasOffset {
      epilogue.channelOffset = inputs.activation(12, .init(batch: output.batch, channels: outputs))
    }
    if residual != nil { epilogue.residual = inputs.activation(13, output) }
    let aliased = residual == .destination ? epilogue.residual : nil
    let destination = aliased ?? inputs.destination(output)
    return inputs.prepared(destination) { [epilogue] in
      inputs.backend.convolve(operand, filter, shape, epilogue, into: destination)
    }
  }
}

// What the cases of each operation must cover.
extension ConformanceSuite {
  static var convolve: OperationCases {
    .init(
      convolveCases(),
      shapes: .images.union([
        .embedding, .pair, .kernel(1), .kernel(3), .wideKernel, .tallKernel, .asymmetricStride2, .symmetricStride2,
        .unpaddedStride2, .doubledInput, .inputChannels(1), .inputChannels(3), .outputChannels(1), .outputChannels(3),
        .plain,
        .trait(.bias), .trait(.channelOffset), .trait(.residual), .trait(.inPlace), .trait(.scaled),
      ]),
      values: [.ordinary, .nan, .infinity, .zeros])
  }
}

extension ConformanceSuite {
  /// One case.
  static func convolveCase(_ layer: Layer) -> ConformanceCase {
    .init(.convolve, layer.name, tolerance: tolerance(of: layer)) { layer.prepared($0) }
  }

  /// All layers of U-Nets, with few channels; filters, strides and paddings; each addend of the epilogue on its own and
  /// all together; channels and pixels around tiles.
  static func convolveCases() -> [ConformanceCase] {
    convolutions.map(convolveCase).unique() + specialConvolutionCases() + mirroredConvolutionCases()
      + partialConvolutionCases()
  }

  /// The layers of all cases.
  static var convolutions: [Layer] {
    [
      squareConvolutions, pairConvolutions, resizingConvolutions, pointwiseConvolutions, epilogueConvolutions,
      inceptionConvolutions, unusualConvolutions, thinConvolutions, largeConvolutions,
    ].flatMap { $0 }
  }

  private static func tolerance(of value: Layer) -> Tolerance {
    // Winograd's F(4x4, 3x3) multiplies by up to eight on the way in and out (Lavin and Gray 2016); the factor leaves
    // room for it, and a wrong tap is a thousand times larger.
    let isWinograd = value.shape.isSquare(3) && value.stride == 1
    return .sums(
      of: value.terms + 4, factor: isWinograd ? 16 : 4,
      reason: "sums of \(value.terms) terms" + (isWinograd ? ", possibly transformed" : ""))
  }

  private static var squareConvolutions: [Layer] {
    [
      Layer(1, [1], 28, 28, to: 32), Layer(2, [32], 28, 28, to: 1), Layer(2, [3], 32, 32, to: 16),
      Layer(1, [16], 32, 32, to: 3), Layer(2, [32], 14, 14, to: 64).offset,
      Layer(1, [64], 7, 7, to: 64).residual(.separate), Layer(3, [64], 7, 7, to: 64).offset,
      Layer(1, [32], 16, 16, to: 32).residual(.destination), Layer(2, [128], 8, 8, to: 64).offset,
      Layer(2, [64], 4, 4, to: 128).residual(.separate), Layer(1, [256], 4, 4, to: 32),
      Layer(1, [15], 9, 9, to: 17), Layer(1, [17], 15, 17, to: 15), Layer(2, [31], 5, 13, to: 33),
      Layer(1, [33], 13, 5, to: 31), Layer(1, [7], 33, 31, to: 9), Layer(2, [65], 3, 3, to: 63),
      Layer(1, [63], 2, 2, to: 65),
      Layer(2, [5], 12, 20, to: 7), Layer(1, [1], 1, 1, to: 1), Layer(2, [8], 1, 9, to: 8),
      Layer(1, [16], 17, 1, to: 24),
      Layer(1, [8], 63, 65, to: 8),
    ]
  }

  private static var pairConvolutions: [Layer] {
    [
      Layer(2, [32, 32], 7, 7, to: 32), Layer(1, [64, 32], 14, 14, to: 32).offset,
      Layer(1, [16, 16], 28, 28, to: 16), Layer(1, [24, 16], 16, 16, to: 20).residual(.separate),
      Layer(2, [64, 64], 8, 8, to: 32), Layer(1, [13, 19], 5, 9, to: 11), Layer(2, [1, 2], 6, 6, to: 3),
      Layer(1, [33, 31], 4, 4, to: 40), Layer(1, [16, 8], 32, 32, to: 8), Layer(1, [65, 7], 9, 9, to: 16),
      Layer(2, [32, 32], 7, 7, to: 32, kernel: 1), Layer(1, [64, 32], 14, 14, to: 48, kernel: 1),
      Layer(2, [13, 19], 5, 9, to: 17, kernel: 1).residual(.separate), Layer(1, [8, 24], 16, 16, to: 8, kernel: 1),
      Layer(3, [17, 15], 1, 1, to: 33, kernel: 1),
    ]
  }

  private static var resizingConvolutions: [Layer] {
    let asymmetric = Padding(top: 0, bottom: 1, left: 0, right: 1)
    let sizes = [(28, 28), (14, 14), (7, 7), (32, 32), (16, 16), (8, 8), (4, 4), (9, 13), (5, 6)]
    let layers = sizes.flatMap { (height: Int, width: Int) -> [Layer] in
      let channels = height > 16 ? 8 : 24
      return [
        Layer(1, [channels], height, width, to: channels).strided(2),
        Layer(2, [channels], height, width, to: channels + 3).strided(2).padded(asymmetric),
        Layer(height > 16 ? 1 : 2, [channels], height, width, to: channels - 1).doubled,
      ]
    }
    let others: [Layer] = [
      Layer(2, [32], 3, 5, to: 32).doubled.offset.residual(.separate),
      Layer(1, [9, 8], 4, 6, to: 16).doubled, Layer(2, [16], 1, 1, to: 8).doubled,
      Layer(1, [33], 6, 6, to: 31).strided(2).scaled(0.5).residual(.separate),
      Layer(1, [12, 5], 8, 8, to: 9).strided(2).padded(asymmetric),
    ]
    return layers + others
  }

  private static var pointwiseConvolutions: [Layer] {
    [
      Layer(1, [1], 1, 1, to: 1, kernel: 1), Layer(4, [32], 1, 1, to: 128, kernel: 1),
      Layer(1, [128], 1, 1, to: 128, kernel: 1), Layer(2, [128], 1, 1, to: 65, kernel: 1),
      Layer(1, [16], 2, 1, to: 136, kernel: 1),
      Layer(3, [67], 1, 1, to: 31, kernel: 1), Layer(2, [512], 1, 1, to: 33, kernel: 1),
      Layer(1, [64], 7, 7, to: 192, kernel: 1), Layer(2, [64], 7, 7, to: 64, kernel: 1).residual(.destination),
      Layer(1, [32], 14, 14, to: 64, kernel: 1), Layer(1, [16], 28, 28, to: 32, kernel: 1).unbiased,
      Layer(2, [48], 8, 8, to: 144, kernel: 1), Layer(1, [32], 16, 16, to: 96, kernel: 1).scaled(0.3),
      Layer(1, [8], 32, 32, to: 16, kernel: 1), Layer(2, [128], 4, 4, to: 96, kernel: 1).residual(.separate),
      Layer(1, [17], 5, 13, to: 15, kernel: 1), Layer(2, [3], 9, 7, to: 33, kernel: 1),
      Layer(1, [33], 3, 3, to: 3, kernel: 1),
    ]
  }

  /// Every subset of the epilogue on a 3x3 filter and on a 1x1 filter, and those that U-Nets use on all others.
  private static var epilogueConvolutions: [Layer] {
    let asymmetric = Padding(top: 0, bottom: 1, left: 0, right: 1)
    let (square, pointwise) = (Layer(2, [9], 3, 4, to: 10), Layer(2, [9], 3, 4, to: 10, kernel: 1))
    let (pair, pointwisePair) = (Layer(2, [5, 4], 4, 3, to: 10), Layer(2, [5, 4], 4, 3, to: 10, kernel: 1))
    let others = [
      pair, pointwisePair, square.strided(2), square.strided(2).padded(asymmetric), square.doubled, pointwise.doubled,
      pair.doubled, Layer(2, [10], 1, 1, to: 11, kernel: 1), Layer(2, [7, 5], 1, 1, to: 9, kernel: 1),
    ]
    // Bit by bit: bias, channel offset, residual, scale, in place.
    let all = [0..<16, 20..<24, 28..<32].joined()
    return [square, pointwise].flatMap { $0.epilogues(all) }
      + others.flatMap { $0.epilogues([0b00001, 0b00011, 0b00101, 0b01101, 0b01111, 0b10101, 0b11101]) }
  }

  /// Layers of their real size, for timing.
  private static var largeConvolutions: [Layer] {
    [
      Layer(1, [128], 32, 32, to: 128).offset, Layer(2, [128], 16, 16, to: 64), Layer(1, [256], 8, 8, to: 256).offset,
      Layer(1, [512], 4, 4, to: 256), Layer(1, [256, 128], 8, 8, to: 128), Layer(8, [32], 28, 28, to: 32).offset,
      Layer(1, [129], 9, 9, to: 127), Layer(2, [17], 67, 61, to: 41), Layer(1, [25, 16], 61, 67, to: 40, kernel: 1),
      Layer(1, [127], 6, 11, to: 129, kernel: 1),
      Layer(2, [256], 16, 16, to: 256, kernel: 1).residual(.separate), Layer(1, [64], 16, 16, to: 64).doubled,
      Layer(1, [128], 16, 16, to: 128).strided(2).padded(.init(top: 0, bottom: 1, left: 0, right: 1)),
      // Wide enough for Winograd's method, with edges, seams and paddings that its tiles do not meet elsewhere.
      Layer(2, [33, 31], 9, 11, to: 35).offset.residual(.separate).scaled(0.7),
      Layer(1, [35], 8, 11, to: 33).padded(.init(top: 2, bottom: 0, left: 1, right: 3)),
      Layer(1, [32], 10, 9, to: 34).padded(.all(0)), Layer(2, [40, 36], 5, 6, to: 32).doubled.residual(.destination),
    ]
  }

  /// The layers of Inception v3: filters of one row or column, strides of two without padding, and results that are added to.
  private static var inceptionConvolutions: [Layer] {
    let (row, column) = (Layer(2, [9], 7, 6, to: 10, kernel: 1), Layer(2, [9], 7, 6, to: 10, kernel: 7).columns(1))
    return [
      row.columns(7), column, row.columns(3), Layer(1, [9], 5, 6, to: 7, kernel: 3).columns(1),
      Layer(1, [16], 17, 17, to: 24, kernel: 1).columns(7), Layer(2, [33], 17, 17, to: 31, kernel: 7).columns(1),
      Layer(2, [13, 6], 8, 9, to: 17, kernel: 1).columns(3).residual(.separate),
      Layer(1, [13, 6], 9, 8, to: 17, kernel: 3).columns(1).offset.scaled(0.7),
      Layer(1, [40], 8, 8, to: 48, kernel: 1).columns(3), Layer(1, [48], 35, 35, to: 64, kernel: 5),
      Layer(2, [3], 29, 31, to: 32).strided(2).padded(.all(0)), Layer(1, [9], 8, 8, to: 7).strided(2).padded(.all(0)),
      Layer(2, [17, 8], 9, 10, to: 12).strided(2).padded(.all(0)),
      Layer(2, [17, 8], 9, 10, to: 12).strided(2).padded(.all(0)).unbiased.residual(.separate),
      Layer(1, [19, 14], 7, 7, to: 17, kernel: 1).unbiased.residual(.separate),
      Layer(2, [19], 7, 7, to: 17, kernel: 1).unbiased.residual(.separate),
    ]
  }

  /// What no U-Net asks for and the protocol allows.
  private static var unusualConvolutions: [Layer] {
    [
      Layer(1, [4], 9, 8, to: 5, kernel: 5), Layer(2, [3], 11, 10, to: 4, kernel: 7),
      Layer(1, [6], 7, 9, to: 5, kernel: 2), Layer(2, [5], 9, 11, to: 6, kernel: 2).columns(5).strided(2),
      Layer(1, [6], 5, 7, to: 4, kernel: 1).columns(4).doubled,
      Layer(1, [5], 8, 7, to: 6).padded(.all(0)), Layer(1, [5], 6, 7, to: 6).padded(.all(2)),
      Layer(2, [7], 10, 11, to: 3).strided(3),
      Layer(1, [4], 8, 9, to: 4).padded(.init(top: 2, bottom: 0, left: 1, right: 3)),
      Layer(2, [9], 7, 6, to: 10, kernel: 1).strided(2), Layer(1, [9], 5, 5, to: 7, kernel: 1).doubled,
      Layer(1, [6], 5, 4, to: 8).doubled.strided(2),
      Layer(1, [5], 4, 4, to: 4, kernel: 1).padded(.all(1)),
    ].map { $0.offset.residual(.separate).scaled(0.7) }
  }

  /// Few output channels, which need no panel, from whole vectors of input channels and from parts of them; and 1x1 filters of
  /// as many channels as are multiplied where they lie, of one more, and of one to four, which are copied one by one.
  private static var thinConvolutions: [Layer] {
    let few = (1...5).flatMap { (outputs: Int) -> [Layer] in
      [
        Layer(2, [16 + outputs], 5, 7, to: outputs), Layer(2, [32], 4, 3, to: outputs).doubled,
        Layer(1, [8, 23 + outputs], 6, 5, to: outputs).strided(2).padded(.init(top: 2, bottom: 0, left: 1, right: 3)),
        Layer(2, [11, 16], 3, 5, to: outputs).offset.residual(.separate).scaled(0.7),
        Layer(1, [outputs], 6, 7, to: 33), Layer(2, [outputs, 2], 5, 6, to: 9, kernel: 2).columns(5),
      ]
    }
    let many = [
      Layer(1, [511], 3, 3, to: 3), Layer(1, [512], 2, 3, to: 4), Layer(1, [513], 3, 2, to: 2),
      Layer(1, [7], 9, 9, to: 2), Layer(3, [40], 1, 1, to: 3, kernel: 1),
      Layer(2, [24], 7, 9, to: 4, kernel: 5).residual(.destination),
      Layer(2, [256, 255], 5, 6, to: 33, kernel: 1), Layer(2, [9, 257], 4, 9, to: 7, kernel: 1),
      Layer(3, [31, 33], 9, 7, to: 35, kernel: 1).offset.residual(.destination),
    ]
    return few + many
  }

  private static func specialConvolutionCases() -> [ConformanceCase] {
    let square = Layer(2, [9], 7, 6, to: 10)
    let pointwise = Layer(2, [9], 7, 6, to: 10, kernel: 1)
    let size = 9 * 7 * 6
    let lost = [square, pointwise].flatMap { (value: Layer) -> [ConformanceCase] in
      [
        ConformanceCase(.convolve, "zeros, \(value.name)", values: .zeros, tolerance: tolerance(of: value)) { inputs in
          value.prepared(inputs) { $0 = $0.special(.zeros) }
        },
        // A whole sample, since a transformed filter spreads a single NaN over a tile; the other sample stays clean.
        ConformanceCase(.convolve, "nan, \(value.name)", values: .nan, tolerance: tolerance(of: value)) { inputs in
          value.prepared(inputs) { values in for index in 0..<size { values[index] = .nan } }
        },
      ]
    }
    let infinite = ConformanceCase(
      .convolve, "infinity, \(pointwise.name)", values: .infinity, tolerance: tolerance(of: pointwise)
    ) { inputs in
      // One channel of one pixel: the sign follows that of the weight.
      pointwise.prepared(inputs) { $0[4 * 42 + 17] = .infinity }
    }
    return lost + [infinite]
  }
}
