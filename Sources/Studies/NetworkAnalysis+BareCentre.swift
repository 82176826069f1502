import Compute
import Diffusion
import Models
import SymmetryBreaking

extension NetworkAnalysis {
  private struct CentreSettings: Codable {
    var step: Int
    var classLabel: Int?
  }

  /// The drift's own fixed point at every step, as nearly as it is found; each search begins at the mean's place at high noise.
  func bareCentres(_ watch: StudyProgress) throws -> [NetworkFindings.BareCentre] {
    var centre = BareCentre(model.denoiser, rowShape: model.rowShape, on: model.backend), evaluations = 0
    let most = centre.mostEvaluations
    centre.willEvaluate = { rows in
      try watch.check()
      evaluations += rows
      watch.advance(by: rows)
    }
    watch.begin("bare centres", total: settings.steps.count * most)
    return try settings.steps.map { step in
      evaluations = 0
      let found = try bareCentre(centre, step)
      // Newton's method seldom takes all of its steps.
      watch.advance(by: most - evaluations)
      return found
    }
  }

  private func bareCentre(_ centre: BareCentre, _ step: Int) throws -> NetworkFindings.BareCentre {
    let cell = try store.cell("bare-centre-\(step)", CentreSettings(step: step, classLabel: model.classLabel))
    return try store.result(of: cell) {
      let level = model.schedule.level(at: step), found = try centre.fixedPoint(mean: mean, level)
      return NetworkFindings.BareCentre(
        norm: found.point.reduce(0) { $0 + $1 * $1 }.squareRoot(), residual: found.residual,
        curvature: try centre.curvature(at: found.point, level, from: start))
    }
  }
}
