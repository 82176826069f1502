import Compute
import ComputeOpenCL
import Conformance
import Testing

@Suite("How OpenCL stores feature maps", .serialized)
struct StorageTests {
  @Test(
    "In half precision every small case passes in both tiers, guard zones around it",
    arguments: [Precision.float16, .bfloat16], KernelTier.allCases)
  func cases(storage: Precision, tier: KernelTier) throws {
    let backend = try makeBackend(tier, .init(guardZoneBytes: 256, precision: storage))
    #expect(backend.featureMapPrecision == storage)
    let small = ConformanceSuite.cases.filter { $0.size == .tiny }
    for result in ConformanceSuite.run(on: backend, cases: small) {
      #expect(result.outcome == .passed, "\(result)")
    }
  }

  @Test(
    "Convolutions and attention by fragments agree with the oracle, their products emulated and their copies late",
    arguments: [Precision.float16, .bfloat16])
  func fragments(storage: Precision) throws {
    let backend = try makeBackend(.gpu, .init(guardZoneBytes: 256, precision: storage), matrixUnits: .emulated)
    let small = ConformanceSuite.cases.filter { [.convolve, .attend].contains($0.operation) && $0.size == .tiny }
    #expect(small.count > 10)
    for result in ConformanceSuite.run(on: backend, cases: small) {
      #expect(result.outcome == .passed, "\(result)")
    }
  }

  @Test("A layer takes the first variant of its device that supports it")
  func variants() throws {
    let shape = ConvolutionShape(inputChannels: 64, outputChannels: 64, kernel: 3, padding: .all(1))
    let output = FeatureMapShape(batch: 2, channels: 64, height: 16, width: 16)
    func name(
      _ tier: KernelTier, _ precision: Precision, _ units: MatrixUnits = .none, isExact: Bool = false
    ) throws -> String {
      try makeBackend(tier, .init(precision: precision, isExact: isExact), matrixUnits: units)
        .method(of: shape, output: output).name
    }
    #expect(try name(.cpu, .float32) == "winograd 4x4")
    #expect(try name(.cpu, .float32, isExact: true) == "direct")
    #expect(try name(.gpu, .float32, .emulated) == "winograd 4x4")
    #expect(try name(.gpu, .bfloat16) == "direct, tiled")
    #expect(try name(.gpu, .float16, .emulated) == "tensor cores")
    #expect(try name(.gpu, .float16, .emulated, isExact: true) == "direct, tiled")
  }

  @Test("A feature map takes half the memory, an exact buffer the same", arguments: [Precision.float16, .bfloat16])
  func memory(storage: Precision) throws {
    let shape = FeatureMapShape(batch: 2, channels: 32, height: 8, width: 8)
    let (half, single) = (try makeBackend(.cpu, .init(precision: storage)), try makeBackend())
    #expect(2 * half.byteCount(of: shape) == single.byteCount(of: shape))
    for backend in [half, single] {
      let before = backend.memoryUse.current
      let map = backend.makeFeatureMap(shape)
      #expect(backend.memoryUse.current - before == backend.byteCount(of: shape))
      let values = backend.makeBuffer(count: shape.count)
      #expect(backend.memoryUse.current - before == backend.byteCount(of: shape) + 4 * shape.count)
      withExtendedLifetime((map, values)) {}
    }
  }

  @Test(
    "Values are rounded to the nearest, ties to even; what is not finite stays so",
    arguments: [Precision.float16, .bfloat16], KernelTier.allCases)
  func rounding(storage: Precision, tier: KernelTier) throws {
    let backend = try makeBackend(tier, .init(precision: storage))
    let u = Float(storage.unitRoundoff)
    let values: [Float] = [
      1 + u, 1 + 3 * u, 1 + 1.01 * u, -1 - u, 0, -0.0, 1e-6, 3e4, 7e4, .greatestFiniteMagnitude, .infinity, -.infinity,
      .nan, 1 / 3,
    ]
    let shape = FeatureMapShape(batch: 1, channels: values.count, height: 1, width: 1)
    let map = backend.makeFeatureMap(shape), result = backend.makeBuffer(count: values.count)
    backend.enter(backend.makeBuffer(values), scale: 1, shift: 0, into: map)
    backend.leave(map, into: result)
    for (value, stored) in zip(values, try backend.read(result)) {
      let expected = storage.rounded(value)
      #expect(stored == expected || stored.isNaN && expected.isNaN, "\(value) became \(stored), not \(expected)")
    }
  }
}
