import Foundation
import Testing
import Training

@Suite("Curves of losses")
struct LossCurveTests {
  /// The labels at the horizontal lines.
  private func labels(_ losses: [Double]) -> [String] {
    LossCurve(losses).svg.split(separator: "\n").filter { $0.contains("text-anchor=\"end\" class=\"label\">") }
      .compactMap { $0.split(separator: ">").dropFirst().first?.split(separator: "<").first.map(String.init) }
  }

  @Test("Lines stand at powers of ten, twos and fives, and closer where those would be few")
  func ticks() {
    #expect(labels([1, 0.5, 0.013]) == ["0.02", "0.05", "0.1", "0.2", "0.5", "1"])
    #expect(labels([2.8654, 2.4, 1.8295]) == ["2", "2.5", "3"])
  }

  @Test("Losses that are no positive numbers are left out of the range")
  func strangeLosses() {
    #expect(labels([.nan, .infinity, 0, -1]).isEmpty)
    #expect(labels([.nan, 1, 0.5, 0.013]) == ["0.02", "0.05", "0.1", "0.2", "0.5", "1"])
  }
}
