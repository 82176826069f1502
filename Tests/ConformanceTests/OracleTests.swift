import Compute
import Conformance
import Testing

@Suite("The oracle")
struct OracleTests {
  @Test("The oracle passes its own list, and nothing is skipped")
  func passes() {
    let results = ConformanceSuite.run(on: ReferenceBackend())
    #expect(results.count == ConformanceSuite.cases.count)
    for result in results { #expect(result.outcome == .passed, "\(result)") }
  }

  @Test("Titles are unique")
  func titlesAreUnique() {
    let titles = ConformanceSuite.cases.map(\.title)
    #expect(Set(titles).count == titles.count)
  }
}
