import Compute
import Conformance
import Testing

@Suite("Faults that the list must find")
struct FaultTests {
  @Test("Each fault fails cases of its operation", arguments: Fault.allCases)
  func finds(fault: Fault) {
    let backend = FaultyBackend(fault)
    let cases = ConformanceSuite.cases.filter { $0.operation == fault.operation && $0.size != .large }
    #expect(cases.contains { ConformanceSuite.run(on: backend, cases: [$0])[0].isFailure })
  }

  @Test("A fault in one operation fails no cases of others")
  func findsInOneOnly() {
    let backend = FaultyBackend(.doubleShifts)
    let cases = ConformanceSuite.cases.filter { $0.operation != .upsample && $0.size != .large }
    for result in ConformanceSuite.run(on: backend, cases: cases) { #expect(!result.isFailure, "\(result)") }
  }

  @Test("A variance from the difference of two mean squares fails where the mean is large")
  func findsCancellation() {
    let backend = FaultyBackend(.normalizeBySumOfSquares)
    let cases = ConformanceSuite.cases.filter { $0.operation == .normalizeGroups && $0.values == .largeMean }
    #expect(!cases.isEmpty)
    for result in ConformanceSuite.run(on: backend, cases: cases) { #expect(result.isFailure, "\(result)") }
  }

  @Test("There is a fault for each operation", arguments: OperationKind.allCases)
  func hasFaults(operation: OperationKind) {
    #expect(Fault.allCases.contains { $0.operation == operation })
  }
}
