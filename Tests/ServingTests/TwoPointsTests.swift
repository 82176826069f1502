import Diffusion
import Files
import Testing

import Serving

@Suite("The world of two points as a page has it")
struct TwoPointsTests {
  /// Pitchfork at theta^2 = sqrt(2) - 1, fold of shares .8 and .2 at theta .80402.
  @Test("The symmetry breaks where theory says", arguments: [(0.5, 0.643594, "pitchfork"), (0.8, 0.80402, "fold")])
  func critical(share: Double, theta: Double, kind: String) throws {
    let document = try TwoPoints(share: share).json
    let critical = try #require(document["critical"])
    #expect(abs(try #require(critical["theta"]?.double) - theta) < 2e-5)
    #expect(critical["kind"]?.string == kind)
    // The document's own levels agree on the step.
    let step = try #require(critical["step"]?.int)
    #expect(abs(TwoPoints.schedule.level(at: step).alpha - theta) < 2e-3)
  }

  @Test("Potentials have one valley early and two late, at the points")
  func potentials() throws {
    let document = try TwoPoints(share: 0.5).json
    let levels = try #require(document["levels"]?.array),
      places = try #require(document["places"]?.array).compactMap(\.double)
    func valleys(_ level: JSONValue) -> [Double] {
      let curve = (level["potential"]?.array ?? []).compactMap(\.double)
      return curve.indices.dropFirst().dropLast().filter {
        curve[$0] < 1 && curve[$0] < curve[$0 - 1] && curve[$0] <= curve[$0 + 1]
      }.map { places[$0] }
    }
    #expect(valleys(try #require(levels.first)).count == 1)
    let late = valleys(levels[levels.count - 10])
    #expect(late.count == 2 && abs(late[0] + 1) < 0.05 && abs(late[1] - 1) < 0.05)
  }

  @Test("Shares out of range are refused", arguments: [0.04, 0.96, .nan, .infinity, -1])
  func shares(share: Double) { #expect(throws: Refusal.self) { try TwoPoints(share: share) } }
}
