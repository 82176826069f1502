import Compute
import ComputeCPU
import Conformance
import Testing

/// A convolution wide enough for every method, with everything that an epilogue adds.
struct WideLayer: CustomStringConvertible, Sendable {
  let channels: [Int]
  let outputs: Int
  let height: Int
  let width: Int
  var padding = Padding.all(1)
  var doubles = false
  var stride = 1
  var batch = 2

  var description: String {
    "\(channels) to \(outputs) at \(height)x\(width)\(doubles ? ", doubled" : "")\(stride > 1 ? ", halved" : "")"
  }

  var shape: ConvolutionShape {
    .init(
      inputChannels: channels.reduce(0, +), outputChannels: outputs, kernel: 3, stride: stride, padding: padding,
      upsamplesInput: doubles)
  }

  /// The result on a backend, the inputs being functions of their places.
  func run(on backend: any Backend) throws -> [Float] {
    let inputs = channels.map { FeatureMapShape(batch: batch, channels: $0, height: height, width: width) }
    let activations = inputs.enumerated().map { activation($1, seed: UInt64($0), on: backend) }
    let operand = Operand(activations[0], activations.count > 1 ? activations[1] : nil)
    let output = shape.output(for: operand.shape)
    let filter = Parameter(
      shape: [outputs, shape.inputChannels, 3, 3],
      values: try normals(shape.filterCount, seed: 7).map { $0 / Float(9 * shape.inputChannels).squareRoot() })
    let epilogue = ConvolutionEpilogue(
      bias: .init(shape: [outputs], values: try normals(outputs, seed: 8)),
      channelOffset: activation(.init(batch: batch, channels: outputs), seed: 9, on: backend),
      residual: activation(output, seed: 10, on: backend), scale: 0.5)
    let result = backend.makeFeatureMap(output)
    backend.convolve(operand, filter, shape, epilogue, into: result)
    let values = backend.makeBuffer(count: output.count)
    backend.leave(result, into: values)
    return try backend.read(values)
  }

  private func normals(_ count: Int, seed: UInt64) throws -> [Float] {
    let oracle = ReferenceBackend()
    let values = oracle.makeBuffer(count: count)
    oracle.fillNormal(values, seeds: [seed], key: .init(step: 1))
    return try oracle.read(values)
  }

  private func activation(_ shape: FeatureMapShape, seed: UInt64, on backend: any Backend) -> FeatureMap {
    let result = backend.makeFeatureMap(shape)
    if let values = try? normals(shape.count, seed: seed) {
      backend.enter(backend.makeBuffer(values), scale: 1, shift: 0, into: result)
    }
    return result
  }
}

@Suite("Convolutions of many channels")
struct WinogradTests {
  static let layers = [
    WideLayer(channels: [64], outputs: 64, height: 16, width: 16),
    WideLayer(channels: [32], outputs: 33, height: 9, width: 15),
    WideLayer(channels: [300], outputs: 40, height: 8, width: 8),
    WideLayer(channels: [45, 27], outputs: 70, height: 7, width: 12),
    WideLayer(channels: [250, 70], outputs: 32, height: 11, width: 8),
    WideLayer(channels: [32], outputs: 48, height: 8, width: 8, padding: .init(top: 0, bottom: 2, left: 2, right: 0)),
    WideLayer(channels: [40], outputs: 32, height: 7, width: 9, doubles: true),
    WideLayer(channels: [20, 24], outputs: 32, height: 8, width: 8, doubles: true),
    WideLayer(channels: [40], outputs: 32, height: 1, width: 2, doubles: true),
    WideLayer(channels: [40], outputs: 64, height: 16, width: 16, stride: 2),
    WideLayer(channels: [33, 12], outputs: 35, height: 9, width: 9),
    WideLayer(channels: [512, 512], outputs: 32, height: 4, width: 4),
    WideLayer(channels: [64], outputs: 600, height: 8, width: 8),
  ]

  @Test("Every method stays within 4e-6 of the largest value on every instruction set", arguments: layers)
  func isAccurate(layer: WideLayer) throws {
    let expected = try layer.run(on: ReferenceBackend())
    let largest = expected.map(abs).max() ?? 0
    for level in DispatchLevel.available {
      let backend = try makeBackend(level, options: .init(guardZoneBytes: 128))
      let values = try layer.run(on: backend)
      let error = zip(values, expected).map { abs($0 - $1) }.max() ?? .infinity
      #expect(error <= 4e-6 * largest, "\(level): \(error / largest)")
      try backend.checkGuardZones()
    }
  }

  @Test("Products of bfloat16 pairs err by no more than a few roundings of their factors", arguments: layers)
  func isAccurateInPairs(layer: WideLayer) throws {
    let expected = try layer.run(on: ReferenceBackend())
    let squares = expected.reduce(0) { $0 + $1 * $1 }
    for level in DispatchLevel.available {
      for isExact in [false, true] {
        let backend = try makeBackend(
          level, options: .init(guardZoneBytes: 128, precision: .bfloat16, isExact: isExact))
        let values = try layer.run(on: backend)
        let error = (zip(values, expected).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) } / squares).squareRoot()
        // Rounding both factors alone makes 0.0023; F(2x4, 3x3) may make three times that; none at all would be wrong too.
        #expect(error < (isExact ? 0.003 : 0.008) && error > 1e-4, "\(level): \(error)")
        try backend.checkGuardZones()
      }
    }
  }

  @Test("Neither threads nor the batch change a bit", arguments: layers)
  func isIndependent(layer: WideLayer) throws {
    let one = try layer.run(on: makeBackend(options: .init(threads: 1)))
    let three = try layer.run(on: makeBackend(options: .init(threads: 3)))
    #expect(one == three)
    var many = layer
    many.batch = 1
    // Inputs are functions of their places, so the first sample is the same in every batch, its residual included.
    #expect(try many.run(on: makeBackend()) == Array(one.prefix(one.count / layer.batch)))
  }

  @Test("Images of 1 to 64 pixels a side are tiled by shape alone and fit 2 MB of scratch a thread")
  func fitsScratch() {
    for size in [1, 2, 3, 4, 7, 8, 14, 16, 28, 32, 64, 256] {
      for (inputs, outputs) in [(3, 128), (128, 3), (32, 32), (512, 512), (1024, 1536)] {
        for (panelWidth, rowStride) in [(8, 272), (16, 272), (32, 272)] {
          for (batch, threads) in [(1, 1), (1, 64), (8, 2), (64, 16)] {
            let shape = ConvolutionShape(inputChannels: inputs, outputChannels: outputs, kernel: 3, padding: .all(1))
            let output = FeatureMapShape(batch: batch, channels: outputs, height: size, width: size)
            let plan = ConvolutionPlan(shape, output: output, panelWidth: panelWidth, threads: threads)
            let alone = ConvolutionPlan(
              shape, output: .init(batch: 1, channels: outputs, height: size, width: size), panelWidth: panelWidth,
              threads: 1)
            #expect(plan.scratchBytes(rowStride: rowStride, panelWidth: panelWidth) <= ThreadPool.scratchBytes)
            #expect(plan.method == alone.method)
          }
        }
      }
    }
  }
}
