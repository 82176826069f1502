import Compute
import ComputeCPU
import Datasets
import Files
import Instruments
import Pipelines
import Tensors
import Testing

@Suite("Benchmarks of a device")
struct DeviceBenchmarkTests {
  @Test("Every operation of the network is timed, convolutions by method, and the report can be read")
  func measures() throws {
    let model = try Model(nil), shape = ImageShape(channels: 1, height: 28, width: 28)
    let backend = try CPUBackend()
    let benchmark = try DeviceBenchmark(model, shape, batch: 2, repetitions: 2, on: backend)
    let summary = try ModelSummary(of: model.network, shape, batch: 2)
    for (operation, calls) in summary.operations where operation != .write {
      let found = benchmark.layers.filter { $0.record.operation == operation }
      #expect(found.reduce(0) { $0 + $1.calls } == calls, "\(operation)")
    }
    #expect(benchmark.layers.allSatisfy { $0.seconds > 0 && ($0.method != nil) == ($0.record.operation == .convolve) })
    #expect(benchmark.evaluations.count == 2 && benchmark.evaluations.allSatisfy { $0 > 0 })
    let work = benchmark.layers.reduce(0) { $0 + $1.calls * $1.record.floatingPointOperations }
    #expect(work == benchmark.floatingPointOperations)
    let ceilings = try #require(benchmark.ceilings)
    #expect(try #require(ceilings.arithmetic) > 1e8)
    #expect(min(ceilings.product, ceilings.copy, ceilings.triad) > 1e8)
    #expect(benchmark.text(layers: true).split(separator: "\n").count > benchmark.layers.count)
    var bytes = Array(benchmark.json.text.utf8)
    let parsed = try bytes.withUnsafeMutableBytes { try JSONValue(parsing: .init($0), path: "report") }
    #expect(parsed["layers"]?.array?.count == benchmark.layers.count)
    #expect(parsed["ceilings"]?["triad"]?.double == ceilings.triad && parsed["exact"]?.array?.isEmpty == false)
  }

  @Test("The ceilings have a copy and a triad of large arrays; the network alone is measured without them")
  func ceilings() throws {
    func measure(device: Bool) throws -> (benchmark: DeviceBenchmark, sources: [Int]) {
      let backend = TimingBackend(try CPUBackend())
      let shape = ImageShape(channels: 1, height: 8, width: 8)
      let benchmark = try DeviceBenchmark(
        try Model(nil), shape, batch: 1, repetitions: 1, measuresDevice: device, on: backend)
      let sources = backend.timings.keys.compactMap { record -> Int? in
        guard record.operation == .combine, case .values(1 << 25, let sources) = record.shape else { return nil }
        return sources
      }
      return (benchmark, sources.sorted())
    }
    let (full, fullSources) = try measure(device: true)
    #expect(fullSources == [1, 2])
    #expect(full.text(layers: false).contains("GB/s a triad"))
    let (alone, sources) = try measure(device: false)
    #expect(sources.isEmpty && alone.ceilings == nil && alone.exact == nil)
    #expect(alone.json["ceilings"] == nil && alone.json["exact"] == nil && alone.json["layers"] != nil)
    let text = alone.text(layers: false)
    #expect(text.contains("ceilings     not measured") && text.contains("exact values were not measured"))
  }

  /// A report of made-up times, with the widest layers that U-Nets have.
  private func report(_ evaluations: [Double]) -> DeviceBenchmark {
    func shape(_ channels: Int, _ size: Int) -> ActivationShape {
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
      inputChannels: 1280, outputChannels: 1280, kernel: 3, padding: .all(1), doublesInput: true)
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

  @Test("An evaluation takes the median of all: of an even number, the mean of the two in the middle")
  func median() {
    #expect(report([9, 1, 2]).seconds == 2)
    #expect(report([9, 1, 4, 2]).seconds == 3)
    #expect(report([4]).seconds == 4)
  }

  @Test("A timing backend gives the results of the one behind it, and throws its failures at the next wait")
  func passesOn() throws {
    let base = try CPUBackend(options: .init(memoryBudget: 20 << 20)), timing = TimingBackend(base)
    let values = timing.makeBuffer([1, 2, 3])
    for _ in 0..<3 { timing.combine([Term(2, values)], into: values) }
    #expect(try timing.read(values) == [8, 16, 24])
    let timings = timing.timings.filter { $0.key.operation == .combine }
    #expect(timings.count == 1 && timings.first?.value.calls == 3)
    let large = timing.makeBuffer(count: 10 << 20)
    timing.clamp(large, lower: 0, upper: 1, into: large)
    #expect(throws: DeviceError.self) { try timing.synchronize() }
    try timing.synchronize()
  }
}
