import Compute
import DiffuseGPU
import Testing
import diffuse_gpu

@Suite("The report of bench as text")
struct BenchTextTests {
  /// A report of made-up times, with the widest layers that U-Nets have.
  private func report(_ evaluations: [Double]) -> DeviceBenchmark {
    func shape(_ channels: Int, _ size: Int) -> FeatureMapShape {
      .init(batch: 64, channels: channels, height: size, width: size)
    }
    func entry(
      _ operation: OperationKind, _ sizes: OperationShape, method: String? = nil, calls: Int, work: Int, bytes: Int
    ) -> DeviceBenchmark.Entry {
      .init(
        record: .init(operation, sizes, floatingPointOperations: work, bytesRead: bytes / 2, bytesWritten: bytes / 2),
        method: method, calls: calls, seconds: 0.5)
    }
    let filter = ConvolutionShape(inputChannels: 2560, outputChannels: 1280, kernel: 3, padding: .all(1))
    let doubling = ConvolutionShape(
      inputChannels: 1280, outputChannels: 1280, kernel: 3, padding: .all(1), upsamplesInput: true)
    let pair = [shape(1280, 1024), shape(1280, 1024)]
    return .init(
      device: "any", model: ("wide", .init(channels: 3, height: 1024, width: 1024), 64), evaluations: evaluations,
      layers: [
        entry(
          .convolve, .convolution(filter, operands: [shape(1280, 32), shape(1280, 32)], result: shape(1280, 32)),
          method: "winograd 4x4 in passing", calls: 2, work: 3_000_000_000_000, bytes: 4_000_000_000),
        entry(
          .convolve, .convolution(doubling, operands: [shape(1280, 32)], result: shape(1280, 64)),
          method: "winograd 4x4 in passing", calls: 1, work: 2_000_000_000_000, bytes: 2_000_000_000),
        entry(
          .normalizeGroups, .activations(operands: pair, result: shape(2560, 1024)), calls: 3, work: 0,
          bytes: 6_000_000_000),
        entry(
          .attend, .activations(operands: [shape(3840, 128)], result: shape(1280, 128)), calls: 4, work: 0,
          bytes: 1_000_000_000),
      ])
  }

  @Test("Rows of the widest layers fit into 100 columns, and name filter, channels and sizes")
  func fits() {
    for showsLayers in [false, true] {
      let lines = report([1]).text(layers: showsLayers).split(separator: "\n")
      for line in lines { #expect(line.count <= 100, "\(line)") }
    }
    let text = report([1]).text(layers: true)
    for name in [
      "convolve 3x3 1280+1280x32x32 -> 1280, winograd 4x4 in passing",
      "convolve 3x3 1280x32x32 doubled -> 1280, winograd 4x4 in passing",
      "normalizeGroups 1280+1280x1024x1024\n", "attend 3840x128x128 -> 1280x128x128\n",
    ] { #expect(text.contains("  " + name), "\(name)") }
  }

  @Test("The last line of a network's table adds up calls, time, work and bytes", arguments: [false, true])
  func totals(layers: Bool) throws {
    let line = try #require(report([1]).text(layers: layers).split(separator: "\n").first { $0.contains("in all") })
    // 10 calls of half a second; 8 Tera operations and 32 GB in 5 seconds.
    #expect(line.split(separator: " ").prefix(5) == ["10", "5000.00", "100.0%", "1600", "6.4"])
  }

  @Test("What was not measured is said")
  func notMeasured() {
    let text = report([1]).text(layers: false)
    #expect(text.contains("ceilings     not measured") && text.contains("exact values were not measured"))
  }
}
