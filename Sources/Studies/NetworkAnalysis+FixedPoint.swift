import Compute
import Diffusion
import Files
import SymmetryBreaking

extension NetworkAnalysis {
  /// What is kept of a fixed point; the point itself lies beside it.
  struct FixedPointCell: Codable {
    /// The multipliers there.
    var multipliers: MultiplierCell
    /// The root of the mean square by which the point moves.
    var residual: Double
    /// The root of the mean square of its distance from the data's mean.
    var distance: Double
  }

  /// The fixed point of every step, each begun at that of the noisier step before it, the first at the mean.
  func followedFixedPoints(_ watch: StudyProgress) throws -> [FixedPointCell] {
    let draws = settings.average.draws
    let each = 9 * draws + parameter(set: 0, watch).evaluationsPerMultiplier
    watch.begin("multipliers at the fixed point", total: settings.steps.count * each)
    var point = mean, before: [Int] = []
    return try settings.steps.map { step in
      before.append(step)
      let (cell, next) = try fixedPoint(before, from: point, watch)
      point = next
      return cell
    }
  }

  /// The fixed point of the last of some steps, which begins where the one before it ended.
  private func fixedPoint(
    _ steps: [Int], from start: [Double], _ watch: StudyProgress
  ) throws -> (FixedPointCell, point: [Double]) {
    let step = steps[steps.count - 1]
    // The way down decides where a search begins, so that it is part of what a cell depends on.
    let way = steps.map(String.init).joined(separator: ",")
    let cell = try store.cell("fixed-point-\(step)", cellSettings(step, set: 0, "followed through \(way)"))
    let path = store.path(of: cell, "npy")
    let parameter = parameter(set: 0, watch)
    let result = try store.result(
      of: cell, with: ["npy"],
      wasKnown: { watch.advance(by: 9 * settings.average.draws + parameter.evaluationsPerMultiplier) }
    ) {
      let found = try parameter.fixedPoint(from: start, model.schedule.level(at: step))
      // As the file has it, so that a study that goes on from files finds the same.
      let kept = found.point.map { Float($0) }, point = kept.map(Double.init)
      let squares = zip(point, mean).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
      let cell = FixedPointCell(
        multipliers: try multipliers(of: parameter, at: point, step: step), residual: found.residual,
        distance: (squares / Double(mean.count)).squareRoot())
      try OutputFile.write(NumpyArray(kept, shape: model.rowShape).encoded(), to: path)
      return cell
    }
    return (result, try NumpyArray(contentsOf: path).floats.map(Double.init))
  }
}
