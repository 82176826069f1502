import Compute
import ComputeCPU
import Files
import Instruments
import Models
import Pretrained
import Profiling
import Tensors
import Testing

@Suite("Benchmarks of a device")
struct DeviceBenchmarkTests {
  @Test("Every operation of the network is timed, convolutions by method, and the report can be read")
  func measures() throws {
    let model = try Model.pretrained(), shape = ImageShape(channels: 1, height: 28, width: 28)
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
        try Model.pretrained(), shape, batch: 1, repetitions: 1, measuresDevice: device, on: backend)
      let sources = backend.timings.keys.compactMap { record -> Int? in
        guard record.operation == .combine, case .values(1 << 25, let sources) = record.shape else { return nil }
        return sources
      }
      return (benchmark, sources.sorted())
    }
    let (_, fullSources) = try measure(device: true)
    #expect(fullSources == [1, 2])
    let (alone, sources) = try measure(device: false)
    #expect(sources.isEmpty && alone.ceilings == nil && alone.exact == nil)
    #expect(alone.json["ceilings"] == nil && alone.json["exact"] == nil && alone.json["layers"] != nil)
  }

  @Test("An evaluation takes the median of all: of an even number, the mean of the two in the middle")
  func median() {
    func report(_ evaluations: [Double]) -> DeviceBenchmark {
      .init(
        device: "any", model: ("small", .init(channels: 1, height: 8, width: 8), 1), evaluations: evaluations,
        layers: [])
    }
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
