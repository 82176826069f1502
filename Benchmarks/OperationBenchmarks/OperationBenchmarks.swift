import Benchmark
import DiffuseGPU

/// Every larger case of the conformance list on the CPU and on the first OpenCL device, the wait for its end included.
let benchmarks: @Sendable () -> Void = {
  Benchmark.defaultConfiguration = .init(
    metrics: [.wallClock], warmupIterations: 2, maxDuration: .milliseconds(300), maxIterations: 50)
  for request in [DeviceRequest.cpu, .openCL] {
    for test in ConformanceSuite.cases where test.size != .tiny {
      Benchmark("\(request) \(test.title)") { benchmark in
        let backend = try Devices.open(request, selfCheck: false)
        let prepared = test.prepare(on: backend)
        prepared.perform()
        try backend.synchronize()
        benchmark.startMeasurement()
        for _ in benchmark.scaledIterations { prepared.perform() }
        try backend.synchronize()
        benchmark.stopMeasurement()
      }
    }
  }
}
