import Charts
import ComputeCPU
import Diffusion
import Evaluation
import Files
import Foundation
import HostMath
import Models
import Studies
import SymmetryBreaking
import Tensors
import TestSupport
import Testing

@Suite("The analysis of a network's order parameter")
struct NetworkAnalysisTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func studied(_ mixture: PointMixture) throws -> StudiedModel {
    try StudiedModel(ExactWorld(name: "points", .mixture(mixture)), rows: 1024, on: CPUBackend())
  }

  private func store(_ model: StudiedModel, _ name: String = "study") throws -> CellStore {
    try CellStore(folder.path(name), StudyIdentity("analyze network", model.facts()))
  }

  private func settings(_ steps: [Int], draws: Int = 4096) -> NetworkAnalysis.Settings {
    var settings = NetworkAnalysis.Settings(steps: steps)
    // Exact denoisers change within a fraction of what a network's state measures, and have little rounding.
    (settings.average.relativeLength, settings.average.draws) = (0.02, draws)
    return settings
  }

  /// By quadrature `M = 1` at theta .82518.
  @Test("Two equal points pass 1 where the quadrature does, within three deviations of the four sets of draws")
  func equalPoints() throws {
    let model = try studied(.twoPoints)
    let analysis = try NetworkAnalysis(model, settings([400, 300, 200, 100]), in: store(model))
    let findings = try #require(try analysis.run()), crossing = try #require(findings.crossing)
    let expected = try #require(model.schedule.firstStep(below: 0.82518 * 0.82518))
    let deviation = try #require(crossing.deviation)
    #expect(crossing.places.count == 4 && deviation < 6)
    #expect(abs(crossing.step - Double(expected)) < 3 * deviation / 2 + 1, "\(crossing.step) +- \(deviation)")
    #expect(findings.rows.map(\.step) == [400, 300, 200, 100])
    #expect(findings.criteria.map(\.step) == [292, 259])
    for row in findings.rows { #expect(abs(row.gaussian[0] - row.alpha * row.alpha) < 1e-6) }
  }

  @Test("With shares of .8 and .2 the split is a fold away from the mean, and nothing passes 1 there")
  func unequalPoints() throws {
    let model = try studied(PointMixture(points: [[1], [-1]], weights: [0.8, 0.2]))
    let analysis = try NetworkAnalysis(model, settings([300, 200, 150, 100, 60]), in: store(model))
    let findings = try #require(try analysis.run())
    #expect(findings.crossing == nil && findings.json["crossing"] == nil)
    #expect(findings.rows.allSatisfy { $0.multipliers[0] < 1 } && findings.text.contains("fold"))
  }

  @Test(
    "A Gaussian's multipliers are its reference, at the mean and at the fixed point, and its directions are its own")
  func gaussian() throws {
    let moments = Moments(
      count: 100, mean: [0.5, -0.5, 0], basis: [1, 0, 0, 0, 1, 0, 0, 0, 1], eigenvalues: [20, 5, 1], remainder: 0)
    let statistics = ImageStatistics(shape: ImageShape(channels: 1, height: 1, width: 3), moments: moments)
    let model = try StudiedModel(ExactWorld(name: "a Gaussian", .gaussian(statistics)), on: CPUBackend())
    var settings = NetworkAnalysis.Settings(steps: [800, 600, 500])
    settings.average.draws = 4
    settings.followsFixedPoint = true
    let findings = try #require(try NetworkAnalysis(model, settings, in: store(model)).run())
    for row in findings.rows {
      #expect(zip(row.multipliers, row.gaussian).allSatisfy { abs($0 - $1) < 1e-4 * $1 })
      #expect(row.overlaps.allSatisfy { $0 > 0.999 })
      let point = try #require(row.fixedPoint)
      #expect(point.residual < 1e-4 && point.distance < 1e-3 && abs(point.multiplier - row.gaussian[0]) < 1e-4)
    }
    #expect(findings.crossing == nil)
    #expect(findings.table.csv.split(separator: "\n").count == 4 && findings.chart.svg.contains("fixed point"))
  }

  @Test("A study that is stopped anywhere goes on, and finds what one that was not stopped finds")
  func resumes() throws {
    let model = try studied(.twoPoints)
    var settings = settings([300, 200], draws: 64)
    (settings.followsFixedPoint, settings.searchesBareCentre) = (true, true)
    let whole = try #require(try NetworkAnalysis(model, settings, in: store(model, "whole")).run())
    var stops = 0, found: NetworkFindings?
    while found == nil, stops < 200 {
      var evaluations = 0
      // Each time a little further, so that it ends whatever a cell takes.
      found = try NetworkAnalysis(model, settings, in: store(model)).run(shouldStop: {
        evaluations += 1
        return evaluations > stops
      })
      stops += found == nil ? 1 : 0
    }
    #expect(stops > 2 && found == whole)
    #expect(found?.table.csv == whole.table.csv && found?.json == whole.json)
    for row in whole.rows {
      let centre = try #require(row.bareCentre)
      #expect(abs(centre.curvature - TwoPointModel().curvature(theta: row.alpha)) < 1e-2 && centre.norm < 1e-5)
    }
    // All is there: nothing is evaluated again.
    let again = try NetworkAnalysis(model, settings, in: store(model)).run(shouldStop: { true })
    #expect(again == whole)
  }

  @Test("The folder of another model is refused, and a model without moments")
  func refuses() throws {
    let first = try studied(.twoPoints), second = try studied(PointMixture(points: [[2], [-2]]))
    _ = try store(first)
    #expect(throws: StudyError.self) { try store(second) }
    let single = try studied(PointMixture(points: [[1]]))
    #expect(throws: StudyError.self) { try NetworkAnalysis(single, settings([300]), in: store(single, "single")) }
  }
}
