import Compute
import Diffusion
import Files
import Models
import SymmetryBreaking
import Tensors

extension NetworkAnalysis {
  private struct ErrorSettings: Codable {
    var images: String
    var levels: [Int]
    var classLabel: Int?
  }

  /// How well model and Gaussian predict clean images, at 24 levels evenly spaced in the logarithm of the signal-to-noise ratio; nil
  /// without images.
  ///
  /// Above the step at which the Gaussian begins to predict better, a network's multipliers tell of its own error and not of the data.
  func errors(_ watch: StudyProgress) throws -> DenoisingCurve? {
    guard let images else { return nil }
    let levels = model.schedule.levels(24, detail: 4), count = images.count / model.shape.count
    watch.begin("denoising errors", total: levels.count * count)
    let cell = try store.cell(
      "errors",
      ErrorSettings(images: sha256(of: images), levels: levels.map { Int($0.timestep) }, classLabel: model.classLabel))
    let found = try store.result(of: cell, wasKnown: { watch.advance(by: levels.count * count) }) {
      var errors = DenoisingErrors(levels: levels)
      for first in stride(from: 0, to: count, by: model.batch) {
        let rows = first..<min(first + model.batch, count)
        let noise = Tensor.noise(
          model.rowShape, seeds: rows.map { UInt64($0) }, key: NoiseKey(step: 0, draw: 2), on: model.backend)
        _ = try errors.add(
          model.tensor(images, rows), noise: noise, denoiser: model.denoiser, statistics: gaussian,
          shouldStop: {
            try watch.check()
            watch.advance(by: rows.count)
            return false
          })
      }
      let levels = errors.curve(statistics: gaussian).levels
      guard levels.allSatisfy({ $0.difference.isFinite }) else {
        throw StudyError.notFinite("estimates of \(model.model.name)")
      }
      return levels
    }
    return DenoisingCurve(levels: found)
  }

  /// The training step above which the Gaussian predicts clean images better, or nil.
  func crossover(_ curve: DenoisingCurve?) -> Int? {
    curve?.crossover(detail: 4).flatMap { model.schedule.firstStep(below: $0 / (1 + $0)) }
  }
}
