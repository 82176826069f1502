import Compute
import Diffusion
import Files
import Models
import Pipelines
import SymmetryBreaking

extension Reproduction {
  /// Everything that a fit depends on besides the identity.
  private struct FitSettings: Codable {
    var images: String
    var labels: [Int]?
    var levels: Int
    var rule: StartTime.Rule
  }

  /// What is kept of a fit.
  private struct FitCell: Codable {
    var levels: [DenoisingCurve.Level]
    var differences: [[Double]]
  }

  /// The name of the file of the fit, as model directories have it.
  static let fitName = "late_start.json"

  /// The fit of the start, kept like a cell and written as a model directory holds it.
  func fit(
    of model: any DiffusionModel, _ shouldStop: () -> Bool, _ progress: Progress
  ) throws -> LateStartReport {
    let cell = try store.cell(
      "fit",
      FitSettings(
        images: sha256(of: images.values), labels: images.labels, levels: settings.fit.levels, rule: settings.fit.rule))
    let found = try part(.fit, in: store) {
      try store.result(of: cell) {
        let fit = try StartFit(model, settings.fit, images: images, on: backend)
        let result = try fit.run(shouldStop: shouldStop) { progress(.fit, "evaluations", $0, fit.evaluations) }
        guard let result else { throw StudyStop() }
        return FitCell(levels: result.curve.levels, differences: result.differences)
      }
    }
    let fit = LateStartFit(
      weights: try model.fingerprints(), statistics: (model as? Model)?.statistics?.file?.sha256, draws: images.count,
      rule: settings.fit.rule, curve: DenoisingCurve(levels: found.levels))
    let report = try LateStartReport(fit, of: model, differences: found.differences)
    try store.write(report.json.text + "\n", to: Self.fitName)
    return report
  }
}
