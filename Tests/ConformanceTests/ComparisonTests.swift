import Conformance
import Testing

@Suite("Comparison with the oracle")
struct ComparisonTests {
  let tolerance = Tolerance(bound: 1e-3, reason: "test")

  private func fault(_ values: [Float], _ expected: [Float]) -> String? {
    Comparison.fault(in: values, expected: expected, tolerance: tolerance)
  }

  @Test("Values within the bound pass, and the bound is relative to the largest value")
  func passesWithinBound() {
    #expect(fault([100.05, 0.05], [100, 0]) == nil)
    #expect(fault([], []) == nil)
  }

  @Test("One wrong value fails, and the message has its place, both values and the bound")
  func namesWorst() throws {
    let message = try #require(fault([1, 2.1, 100], [1, 2, 10]))
    #expect(message.contains("worst at index 2: 100.0 instead of 10.0"))
    #expect(message.contains("1.0e-3 (test)"))
  }

  @Test("A small error everywhere fails by its mean square although no single error is large")
  func failsInTheMean() throws {
    // One value is large, so that no error is more than half the bound of it; all others are wrong by a half of theirs.
    let expected = [Float](repeating: 1e-3, count: 9_999_999) + [1]
    let values = expected.map { $0 == 1 ? 1 : 1.5 * $0 }
    let message = try #require(fault(values, expected))
    #expect(message.contains("mean-square"))
  }

  @Test("NaN and infinity must be at the same places, with the same sign")
  func comparesPatterns() {
    #expect(fault([.nan, .infinity, 1], [.nan, .infinity, 1]) == nil)
    #expect(fault([0, 1], [.nan, 1]) == "at index 0: 0.0 instead of nan")
    #expect(fault([1, .nan], [1, 0]) == "at index 1: nan instead of 0.0")
    #expect(fault([.infinity], [-.infinity]) != nil)
    #expect(fault([.greatestFiniteMagnitude], [.infinity]) != nil)
  }

  @Test("Counts come first")
  func comparesCounts() {
    #expect(fault([1], [1, 2]) == "1 values instead of 2")
  }

  @Test("Where all is zero, nothing but zero passes")
  func comparesZeros() {
    #expect(fault([0, -0.0], [0, 0]) == nil)
    #expect(fault([0, 1e-30], [0, 0]) != nil)
  }

  @Test("Repeated runs are compared by their bits")
  func comparesBits() {
    #expect(Comparison.difference([1, .nan], [1, .nan]) == nil)
    #expect(Comparison.difference([0], [-0.0]) != nil)
    #expect(Comparison.difference([1, 2], [1, 2 + 2e-7]) != nil)
  }

  @Test("Bounds of sums grow with the root of their terms")
  func boundsGrow() {
    #expect(Tolerance.sums(of: 400).bound == 10 * Tolerance.sums(of: 4).bound)
    #expect(Tolerance.sums(of: 1).bound == 4 * 0x1p-23)
  }
}
