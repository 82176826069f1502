import Compute
import ComputeCPU
import Conformance
import Testing

/// A backend at one dispatch level.
func makeBackend(_ level: DispatchLevel = .best, options: BackendOptions = .init()) throws -> CPUBackend {
  try CPUBackend(options: options) { $0 == "DIFFUSE_CPU" ? level.rawValue : nil }
}

@Suite("The CPU backend and the conformance list")
struct ConformanceTests {
  @Test(
    "Every case passes on every instruction set that this processor has, guard zones untouched",
    arguments: DispatchLevel.available)
  func passes(level: DispatchLevel) throws {
    let backend = try makeBackend(level, options: .init(guardZoneBytes: 256))
    for result in ConformanceSuite.run(on: backend) { #expect(result.outcome == .passed, "\(level): \(result)") }
  }

  @Test(
    "Every case passes in bfloat16 and by the direct method, on every instruction set",
    arguments: DispatchLevel.available)
  func passesOtherwise(level: DispatchLevel) throws {
    let cases = ConformanceSuite.cases.filter { $0.operation == .convolve }
    for (precision, isExact) in [(Precision.bfloat16, false), (.bfloat16, true), (.float32, true)] {
      let backend = try makeBackend(
        level, options: .init(guardZoneBytes: 256, precision: precision, isExact: isExact))
      for result in ConformanceSuite.run(on: backend, cases: cases) {
        #expect(result.outcome == .passed, "\(level), \(precision)\(isExact ? ", exact" : ""): \(result)")
      }
    }
  }

  @Test("Three threads give the same bits as one", arguments: DispatchLevel.available)
  func threadsDoNotMatter(level: DispatchLevel) throws {
    for precision in [Precision.float32, .bfloat16] {
      let alone = try makeBackend(level, options: .init(threads: 1, precision: precision))
      let together = try makeBackend(level, options: .init(threads: 3, precision: precision))
      for test in ConformanceSuite.cases where precision == .float32 || test.operation == .convolve {
        let (one, three) = (try test.run(on: alone), try test.run(on: together))
        #expect(one.map(\.bitPattern) == three.map(\.bitPattern), "\(level), \(precision): \(test.title)")
      }
    }
  }

  @Test("A sample alone has the bits that it has within a batch", arguments: DispatchLevel.available)
  func batchDoesNotMatter(level: DispatchLevel) throws {
    for precision in [Precision.float32, .bfloat16] {
      let backend = try makeBackend(level, options: .init(precision: precision))
      for test in ConformanceSuite.cases where precision == .float32 || test.operation == .convolve {
        guard let batch = test.batch, batch > 1 else { continue }
        let within = try test.run(on: backend)
        let alone = try test.run(on: backend, samples: 0..<1)
        #expect(
          alone.map(\.bitPattern) == within.prefix(within.count / batch).map(\.bitPattern),
          "\(level), \(precision): \(test.title)")
      }
    }
  }
}
