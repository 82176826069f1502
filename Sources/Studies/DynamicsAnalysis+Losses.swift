import Compute
import Diffusion
import Files
import SymmetryBreaking
import Tensors

extension DynamicsAnalysis {
  private struct LossSettings: Codable {
    var step: Int
    var images: String
  }

  /// The denoising losses at every step of the plan on one set of images, each with one draw of noise that is the same for all steps.
  func losses(of runs: [Run], _ watch: StudyProgress) throws -> [DynamicsFindings.Loss] {
    let images = Array((images ?? samples(of: runs)).prefix(settings.lossImages * model.shape.count))
    let count = images.count / model.shape.count, digest = sha256(of: images)
    guard count > 1 else { return [] }
    watch.begin("denoising losses", total: count * plan.steps.count)
    return try plan.steps.map { step in
      let timestep = Int(step.from.timestep)
      let cell = try store.cell("loss-\(timestep)", LossSettings(step: timestep, images: digest))
      return try store.result(of: cell, wasKnown: { watch.advance(by: count) }) {
        try loss(of: images, count: count, at: step.from, watch)
      }
    }
  }

  /// The finished samples of all runs.
  private func samples(of runs: [Run]) -> [Float] {
    runs.flatMap { run in run.states.suffix(run.classes.count * model.shape.count) }
  }

  /// States of one level with what is estimated from them, a row an image.
  private struct Estimates {
    var clean: [[Double]] = []
    var states: [[Double]] = []
    var own: [[Double]] = []
    var linear: [[Double]] = []

    /// The scores that estimates stand for, `(alpha estimate - x) / sigma^2`.
    func scores(_ estimates: [[Double]], at level: NoiseLevel) -> [[Double]] {
      zip(estimates, states).map { estimate, state in
        zip(estimate, state).map { (level.alpha * $0 - $1) / (level.sigma * level.sigma) }
      }
    }

    /// `|x0 - estimate|^2` of every image.
    func errors(_ estimates: [[Double]]) -> [Double] {
      zip(clean, estimates).map { zip($0, $1).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) } }
    }
  }

  private func loss(
    of images: [Float], count: Int, at level: NoiseLevel, _ watch: StudyProgress
  ) throws -> DynamicsFindings.Loss {
    let found = try estimates(of: images, count: count, at: level, watch)
    let errors = found.errors(found.own), mean = errors.reduce(0, +) / Double(count)
    guard mean.isFinite else { throw StudyError.notFinite("estimates at step \(Int(level.timestep))") }
    let spread = errors.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(count - 1)
    var loss = DynamicsFindings.Loss(
      step: Int(level.timestep), karrasSigma: level.karrasSigma, error: mean,
      standardError: (spread / Double(count)).squareRoot())
    guard gaussian != nil else { return loss }
    loss.gaussianError = found.errors(found.linear).reduce(0, +) / Double(count)
    loss.explainedDenoiser = explainedVariance(of: found.own, by: found.linear, isCentred: true)
    loss.explainedScore = explainedVariance(
      of: found.scores(found.own, at: level), by: found.scores(found.linear, at: level), isCentred: false)
    return loss
  }

  private func estimates(
    of images: [Float], count: Int, at level: NoiseLevel, _ watch: StudyProgress
  ) throws -> Estimates {
    let linear = gaussian.map { GaussianDenoiser($0) }
    var found = Estimates()
    for first in stride(from: 0, to: count, by: model.batch) {
      try watch.check()
      let rows = first..<min(first + model.batch, count), clean = model.tensor(images, rows)
      let noise = Tensor.noise(
        model.rowShape, seeds: rows.map { UInt64($0) }, key: NoiseKey(step: 0, draw: 2), on: model.backend)
      let x = Tensor.combination([(level.alpha, clean), (level.sigma, noise)])
      found.clean += try values(clean)
      found.states += try values(x)
      found.own += try values(model.denoiser.prediction(x, at: level).denoised)
      if let linear { found.linear += try values(linear.prediction(x, at: level).denoised) }
      watch.advance(by: rows.count)
    }
    return found
  }

  private func values(_ rows: Tensor) throws -> [[Double]] {
    let values = try rows.values(), size = model.shape.count
    return (0..<rows.rows).map { values[$0 * size..<($0 + 1) * size].map(Double.init) }
  }
}
