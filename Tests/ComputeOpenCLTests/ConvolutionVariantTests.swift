import Compute
import ComputeOpenCL
import Testing

@Suite("Variants of a convolution through OpenCL", .serialized)
struct ConvolutionVariantTests {
  /// Layers with edges, a stride, a doubled input, and a filter of one tap.
  private static let layers: [(shape: ConvolutionShape, input: FeatureMapShape)] = [
    (
      .init(inputChannels: 40, outputChannels: 72, kernel: 3, padding: .all(1)),
      .init(batch: 3, channels: 40, height: 9, width: 11)
    ),
    (
      .init(inputChannels: 17, outputChannels: 33, kernel: 3, stride: 2, padding: .all(1)),
      .init(batch: 2, channels: 17, height: 10, width: 8)
    ),
    (
      .init(inputChannels: 32, outputChannels: 32, kernel: 3, padding: .all(1), upsamplesInput: true),
      .init(batch: 1, channels: 32, height: 8, width: 8)
    ),
    (.init(inputChannels: 48, outputChannels: 130, kernel: 1), .init(batch: 2, channels: 48, height: 7, width: 7)),
  ]

  private func noise(_ count: Int, _ draw: UInt32, on backend: OpenCLBackend) -> Buffer {
    let buffer = backend.makeBuffer(count: count)
    backend.fillNormal(buffer, seeds: [1], key: NoiseKey(step: 0, draw: draw))
    return buffer
  }

  /// What a variant makes of a layer.
  private func output(of variant: String, _ place: Int, on backend: OpenCLBackend) throws -> [Float] {
    let (shape, input) = Self.layers[place], output = shape.output(for: input)
    var tuning = ConvolutionTuning()
    tuning[ConvolutionLayer(shape, output: output)] = variant
    backend.tuning = tuning
    let filter = Parameter(
      shape: shape.filterShape, values: try backend.read(noise(shape.filterCount, 0, on: backend)))
    let x = backend.makeFeatureMap(input), y = backend.makeFeatureMap(output)
    backend.enter(noise(input.count, 1, on: backend), scale: 1, shift: 0, into: x)
    let bias = Parameter(shape: [output.channels], values: (0..<output.channels).map { Float($0) })
    #expect(backend.method(of: shape, output: output).name == variant)
    backend.convolve(Operand(x), Filter(filter), shape, .init(bias: bias, scale: 0.5), into: y)
    let result = backend.makeBuffer(count: output.count)
    backend.leave(y, into: result)
    return try backend.read(result)
  }

  @Test(
    "All agree, and those that differ in their tile alone bit for bit", arguments: KernelTier.allCases, layers.indices)
  func agree(tier: KernelTier, place: Int) throws {
    let backend = try makeBackend(tier), (shape, input) = Self.layers[place]
    let variants = backend.variants(of: ConvolutionLayer(shape, output: shape.output(for: input)))
    #expect(variants.count == (tier == .cpu ? 4 : 8) + (variants.contains("winograd 4x4") ? 1 : 0))
    #expect(variants.count <= 12 && Set(variants).count == variants.count)
    let direct = tier == .cpu ? "direct" : "direct, tiled"
    let reference = try output(of: direct, place, on: backend), largest = reference.map(abs).max() ?? 0
    for variant in variants {
      let values = try output(of: variant, place, on: backend)
      if variant.hasPrefix(direct) {
        #expect(values.map(\.bitPattern) == reference.map(\.bitPattern), "\(variant)")
      } else {
        let apart = zip(values, reference).map { abs($0 - $1) }.max() ?? .infinity
        #expect(apart < 1e-5 * largest, "\(variant): \(apart)")
      }
    }
  }

  @Test("A variant that a layer does not have counts as none; the choice of a device comes first")
  func unknown() throws {
    let backend = try makeBackend(.cpu), (shape, input) = Self.layers[1], output = shape.output(for: input)
    let layer = ConvolutionLayer(shape, output: output)
    #expect(backend.variants(of: layer)[0] == "direct" && !backend.variants(of: layer).contains("winograd 4x4"))
    for name in ["winograd 4x4", "direct, tiled", "nothing"] {
      backend.tuning = ConvolutionTuning([layer.description: name])
      #expect(backend.method(of: shape, output: output).name == "direct")
    }
    let exact = try makeBackend(.cpu, .init(isExact: true))
    #expect(
      !exact.variants(of: ConvolutionLayer(Self.layers[0].shape, output: Self.layers[0].input)).contains("winograd 4x4")
    )
  }

  @Test("A layer's description tells it from all others")
  func descriptions() {
    let shape = ConvolutionShape(inputChannels: 3, outputChannels: 8, kernel: 3, padding: .all(1))
    func text(_ shape: ConvolutionShape, _ height: Int = 8) -> String {
      ConvolutionLayer(shape, output: .init(batch: 5, channels: 8, height: height, width: 8)).description
    }
    #expect(text(shape) == "3x3 3 -> 8, 8x8, padded 1")
    let others = [
      ConvolutionShape(inputChannels: 3, outputChannels: 8, kernel: 3),
      .init(inputChannels: 3, outputChannels: 8, kernel: 3, stride: 2, padding: .all(1)),
      .init(inputChannels: 3, outputChannels: 8, kernel: 3, padding: .init(top: 0, bottom: 1, left: 0, right: 1)),
      .init(inputChannels: 3, outputChannels: 8, kernel: 3, padding: .all(1), upsamplesInput: true),
      .init(inputChannels: 3, outputChannels: 8, kernel: 3, kernelWidth: 1, padding: .all(1)),
    ]
    #expect(Set(others.map { text($0) } + [text(shape), text(shape, 16)]).count == others.count + 2)
  }
}
