import Compute
import ComputeOpenCL
import Testing

@Suite("Winograd's method through OpenCL", .serialized)
struct WinogradTests {
  /// A layer of several strips of tiles, with edges.
  private static let input = FeatureMapShape(batch: 2, channels: 48, height: 46, width: 45)
  private static let shape = ConvolutionShape(inputChannels: 48, outputChannels: 40, kernel: 3, padding: .all(1))

  /// The layer's output on a backend, with fixed noise for its input and its filter.
  private func output(of backend: OpenCLBackend) throws -> [Float] {
    func noise(_ count: Int, _ draw: UInt32) throws -> Buffer {
      let buffer = backend.makeBuffer(count: count)
      backend.fillNormal(buffer, seeds: [1], key: NoiseKey(step: 0, draw: draw))
      return buffer
    }
    let filter = Parameter(shape: [40, 48, 3, 3], values: try backend.read(noise(Self.shape.filterCount, 0)))
    let x = backend.makeFeatureMap(Self.input)
    let y = backend.makeFeatureMap(Self.shape.output(for: Self.input))
    backend.enter(try noise(Self.input.count, 1), scale: 1, shift: 0, into: x)
    backend.convolve(Operand(x), filter, Self.shape, .init(), into: y)
    let result = backend.makeBuffer(count: y.shape.count)
    backend.leave(y, into: result)
    return try backend.read(result)
  }

  @Test("It agrees with the direct method, from which it differs", arguments: KernelTier.allCases)
  func agrees(tier: KernelTier) throws {
    let fast = try makeBackend(tier), exact = try makeBackend(tier, .init(isExact: true))
    let layer = Self.shape.output(for: Self.input)
    #expect(fast.method(of: Self.shape, output: layer).name == "winograd 4x4")
    #expect(exact.method(of: Self.shape, output: layer).name == (tier == .cpu ? "direct" : "direct, tiled"))
    let (a, b) = (try output(of: fast), try output(of: exact))
    let largest = b.map(abs).max() ?? 0
    let error = zip(a, b).map { abs($0 - $1) }.max() ?? .infinity
    #expect(error > 0 && error < 3e-6 * largest, "\(error) of \(largest)")
  }

  @Test("A small budget makes more pieces of the same bits", arguments: KernelTier.allCases)
  func budget(tier: KernelTier) throws {
    let (small, large) = (try makeBackend(tier, .init(memoryBudget: 9_000_000)), try makeBackend(tier))
    #expect(try output(of: small).map(\.bitPattern) == output(of: large).map(\.bitPattern))
    #expect(small.memoryUse.peak <= 9_000_000)
  }
}
