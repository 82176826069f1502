import DiffusersFormat
import Files
import Compute
import Conformance
import Diffusion
import Tensors

/// A loop of diffusers' own tests, whose sums and means are published there.
///
/// The model is `t / (t + 1) x`, the sample counts up from zero to one and the noise down.
struct PublishedLoop {
  let className: String
  var settings: [String: JSONValue] = [:]
  var steps = 10
  /// The step at which the loop begins with a noised sample, or nil to begin at the first with the sample itself.
  var noisedAt: Int?
  /// Steps that are left out although the sample is not noised.
  var skipped = 0
  /// Whether the loop overwrites its state by the model's scaled input.
  ///
  /// The loops of the samplers in `x / alpha` do.
  var overwritesState = false
  /// Batch, channels and the rest.
  var shape = [4, 3, 8, 8]

  /// The sum and the mean of the absolute values at the end.
  func run() throws -> (sum: Double, mean: Double) {
    var values = settings
    values["_class_name"] = .string(className + "Scheduler")
    let scheduler = try Scheduler(SchedulerConfiguration(values))
    let whole = try scheduler.plan(steps: steps)
    let plan = (noisedAt ?? skipped) > 0 ? whole.dropping(first: noisedAt ?? skipped) : whole
    let backend = ReferenceBackend()
    let denoiser = FractionDenoiser(type: scheduler.parametrization)
    let noise = OneGenerator(shape: shape, on: backend)
    // What the state x / alpha is multiplied by at the start, in variance-preserving scaling.
    let scale = overwritesState ? whole.initialScale / whole.start.alpha : 1
    let level = plan.start
    var x = sample(descending: false, on: backend)
    if noisedAt != nil {
      x = .combination([(level.alpha * scale, x), (level.sigma, sample(descending: true, on: backend))])
    } else if overwritesState {
      x = x.scaled(by: level.alpha * scale)
    }
    var state = SamplerState()
    for step in plan.steps {
      if overwritesState {
        x = x.scaled(by: step.from.alpha)
        denoiser.nextScale = 1 / step.from.alpha
      }
      x = try scheduler.sampler.step(
        x, step, denoiser: denoiser, noise: StepNoise(noise, step: step.index), state: &state
      ).x
    }
    let sum = try x.values().reduce(0.0) { $0 + Double(abs($1)) } * plan.finalScale
    return (sum, sum / Double(x.count))
  }

  /// `arange(n) / n`, or the same turned around, its last axis moved to the front.
  private func sample(descending: Bool, on backend: any Backend) -> Tensor {
    Self.sample(shape: shape, descending: descending, on: backend)
  }

  /// The sample or the noise of every loop.
  static func sample(shape: [Int] = [4, 3, 8, 8], descending: Bool = false, on backend: any Backend) -> Tensor {
    let count = shape.reduce(1, *)
    let rows = shape[0]
    let values = (0..<count).map { place in
      let index = place % (count / rows) * rows + place / (count / rows)
      return Float(descending ? count - 1 - index : index) / Float(count)
    }
    return Tensor(values, shape: shape, on: backend)
  }
}

/// `t / (t + 1) x`, once on a scaled `x`.
private final class FractionDenoiser: Denoiser {
  let type: Parametrization
  var nextScale = 1.0

  init(type: Parametrization) {
    self.type = type
  }

  func prediction(_ x: Tensor, at level: NoiseLevel) -> Prediction {
    let output = x.scaled(by: nextScale * level.timestep / (level.timestep + 1))
    nextScale = 1
    return Prediction(x: x, level: level, output: output, parametrization: type)
  }
}
