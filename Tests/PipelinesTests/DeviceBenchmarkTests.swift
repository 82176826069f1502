import Compute
import ComputeCPU
import Datasets
import Files
import Pipelines
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
    #expect(try #require(benchmark.ceilings.arithmetic) > 1e8)
    #expect(benchmark.ceilings.product > 1e8 && benchmark.ceilings.copy > 1e8)
    #expect(benchmark.text(layers: true).split(separator: "\n").count > benchmark.layers.count)
    var bytes = Array(benchmark.json.text.utf8)
    let parsed = try bytes.withUnsafeMutableBytes { try JSONValue(parsing: .init($0), path: "report") }
    #expect(parsed["layers"]?.array?.count == benchmark.layers.count)
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
