import Compute
import Conformance
import Instruments
import Testing

/// The oracle behind a hook that counts.
private final class CountingBackend: ForwardingBackend {
  let base: any Backend = ReferenceBackend()
  var calls: [OperationKind: Int] = [:]

  func around(_ operation: OperationKind, _ perform: (any Backend) -> Void) {
    calls[operation, default: 0] += 1
    perform(base)
  }
}

@Suite("Backends that pass operations on")
struct ForwardingTests {
  /// All but reading, which waits and throws and so has no hook.
  static let operations = OperationKind.allCases.filter { $0 != .read }

  @Test("Each operation passes the hook once, under its own name, and is done", arguments: operations)
  func passesOn(operation: OperationKind) throws {
    let test = try #require(ConformanceSuite.cases.first { $0.operation == operation && $0.size != .large })
    let backend = CountingBackend()
    let prepared = test.prepare(on: backend)
    backend.calls = [:]
    prepared.perform()
    #expect(backend.calls == [operation: 1])
    let (result, expected) = (try prepared.result(), try test.run(on: ReferenceBackend()))
    #expect(zip(result, expected).allSatisfy { $0 == $1 || $0.isNaN && $1.isNaN } && result.count == expected.count)
  }

  @Test("Each operation is timed under what it is", arguments: operations)
  func times(operation: OperationKind) throws {
    let test = try #require(ConformanceSuite.cases.first { $0.operation == operation && $0.size != .large })
    let backend = TimingBackend(ReferenceBackend())
    let prepared = test.prepare(on: backend)
    backend.reset()
    prepared.perform()
    #expect(backend.timings.keys.map(\.operation) == [operation])
    #expect(backend.timings.values.allSatisfy { $0.calls == 1 && $0.seconds >= 0 })
  }
}
