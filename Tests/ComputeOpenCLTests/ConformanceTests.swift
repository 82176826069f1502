import Compute
import ComputeOpenCL
import Conformance
import Testing

@Suite("The OpenCL backend and the conformance list", .serialized)
struct ConformanceTests {
  @Test("Every case passes in both tiers of kernels, guard zones untouched", arguments: KernelTier.allCases)
  func passes(tier: KernelTier) throws {
    let backend = try makeBackend(tier, .init(guardZoneBytes: 256))
    for result in ConformanceSuite.run(on: backend) { #expect(!result.isFailure, "\(tier): \(result)") }
  }

  @Test("A sample alone has the bits that it has within a batch", arguments: KernelTier.allCases)
  func batchDoesNotMatter(tier: KernelTier) throws {
    let backend = try makeBackend(tier)
    for test in ConformanceSuite.cases {
      guard let batch = test.batch, batch > 1, test.values == .ordinary else { continue }
      let within = try test.run(on: backend)
      let alone = try test.run(on: backend, samples: batch - 1..<batch)
      #expect(
        alone.map(\.bitPattern) == within.suffix(within.count / batch).map(\.bitPattern), "\(tier): \(test.title)")
    }
  }
}
