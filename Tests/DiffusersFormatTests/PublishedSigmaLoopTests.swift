import Conformance
import Diffusion
import DiffusersFormat
import Files
import Foundation
import Tensors
import Testing

/// The loops of `tests/schedulers` in diffusers for models of unscaled data, with their published sums and means.
///
/// The model is `t / (t + 1)` times its input, the sample counts up from zero to one.
@Suite("Published loops of diffusers on unscaled data")
struct PublishedSigmaLoopTests {
  private typealias Settings = [String: JSONValue]
  private let backend = ReferenceBackend()

  private func scheduler(_ name: String, _ settings: Settings = [:]) throws -> Scheduler {
    try Scheduler(SchedulerConfiguration(settings.merging(["_class_name": .string(name + "Scheduler")]) { $1 }))
  }

  /// The sum of the absolute values at the end of a plan.
  ///
  /// - Parameters:
  ///   - scheduler: The sampler and the parametrisation.
  ///   - plan: The steps.
  ///   - scale: What the sample is multiplied by at the beginning, in `x / alpha`.
  ///   - scalesInput: Whether the loop scales the model's input, as pipelines do.
  ///   - isNoised: Whether the sample has the noise of the first level.
  ///   - time: The time that the model takes for the one that it is given.
  private func sum(
    _ scheduler: Scheduler, _ plan: SamplingPlan, scale: Double = 1, scalesInput: Bool = true, isNoised: Bool = false,
    time: @escaping (Double) -> Double = { $0 }
  ) throws -> Double {
    let start = plan.start
    var x = PublishedLoop.sample(on: backend).scaled(by: scale * start.alpha)
    if isNoised {
      x = .combination([(1, x), (start.sigma, PublishedLoop.sample(descending: true, on: backend))])
    }
    let factor = { (input: Parametrization.Input, level: NoiseLevel) in scalesInput ? input.factor : 1 / level.alpha }
    let denoiser = Fraction(parametrization: scheduler.parametrization, factor: factor, time: time)
    var run = try SamplingRun(
      plan, sampler: scheduler.sampler, denoiser: denoiser, noise: OneGenerator(shape: x.shape, on: backend), from: x)
    return try run.finish().values().reduce(0.0) { $0 + Double(abs($1)) }
  }

  @Test("EDM-Euler")
  func edmEuler() throws {
    let scheduler = try scheduler("EDMEuler", ["num_train_timesteps": .number(256)])
    let plan = try scheduler.plan(steps: 10)
    #expect(plan.initialScale == 1)
    let result = try sum(scheduler, plan, scale: (80.0 * 80 + 1).squareRoot())
    #expect(abs(result - 34.1855) < 1e-3, "\(result)")
  }

  @Test("EDM-DPM-Solver++")
  func edmMultistep() throws {
    let base: Settings = ["lower_order_final": .boolean(false), "final_sigmas_type": .string("sigma_min")]
    let threshold: Settings = [
      "thresholding": .boolean(true), "dynamic_thresholding_ratio": .number(0.87), "sample_max_value": .number(0.5),
    ]
    let velocity: Settings = ["prediction_type": .string("v_prediction")]
    // With more digits than were published, from diffusers 0.42.1; its own are within 1e-3 of a mean of 0.0001.
    let expected: [(Settings, published: Double, mean: Double)] = [
      ([:], 0.0001, 9.4e-5), (threshold, 0.0080, 0.0080), (velocity, 0.0092, 0.0092),
    ]
    for (settings, published, mean) in expected {
      let scheduler = try scheduler("EDMDPMSolverMultistep", base.merging(settings) { $1 })
      let result = try sum(scheduler, scheduler.plan(steps: 10), scalesInput: false) / 768
      #expect(abs(result - published) < 1e-3 && abs(result - mean) < 1e-4, "\(result)")
    }
    let scheduler = try scheduler("EDMDPMSolverMultistep", base)
    let plan = try scheduler.plan(steps: 10).dropping(first: 5)
    let result = try sum(scheduler, plan, scalesInput: false, isNoised: true)
    #expect(abs(result - 8.1661) < 1e-2, "\(result)")
  }

  @Test("Score-SDE VE with norms of the batch, with PyTorch's noise")
  func scoreVE() throws {
    let scheduler = try scheduler("ScoreSdeVe", ["centered": .boolean(true), "norms": .string("batch")])
    let plan = try scheduler.plan(steps: 3)
    // As pipelines call it, timesteps first; the sum is that of diffusers 0.42.1 in this order.
    let inOrder = try sum(scheduler, plan)
    #expect(abs(inOrder / 11_515_544_576 - 1) < 1e-5, "\(inOrder)")
    // The published loop sets sigmas before timesteps, so that the model gets the first three of two thousand: the largest is
    // 1348, the middle one 3.67, the last one 0.01.
    func sigma(_ place: Double) -> Double { 0.01 * pow(1348 / 0.01, 1 - place * (1 - 1e-5) / 1999) }
    let published = try sum(scheduler, plan) { sigma($0 > 100 ? 0 : $0 > 1 ? 1 : 2) }
    #expect(abs(published / 14_372_758_528 - 1) < 1e-5, "\(published)")
  }

  @Test("Consistency models, in one step and in two, with PyTorch's noise")
  func consistency() throws {
    let scheduler = try scheduler("CMStochasticIterative", ["num_train_timesteps": .number(201)])
    let one = try scheduler.plan(steps: 1)
    #expect(abs(one.start.karrasSigma - 80) < 1e-9 && abs(one.initialScale - one.start.sigma) < 1e-12)
    let single = try sum(scheduler, one, scale: 80)
    #expect(abs(single - 192.7614) < 1e-2, "\(single)")
    // diffusers counts training steps from the noise; 0 and 106 of 201.
    let levels = [200, 94].map { scheduler.schedule.level(at: $0) } + [.clean]
    let double = try sum(scheduler, SamplingPlan(levels: levels, sampler: scheduler.sampler), scale: 80)
    #expect(abs(double - 347.6357) < 1e-2, "\(double)")
  }
}

/// `t / (t + 1)` times a scaled state.
private struct Fraction: Denoiser {
  let parametrization: Parametrization
  let factor: (Parametrization.Input, NoiseLevel) -> Double
  let time: (Double) -> Double

  func prediction(_ x: Tensor, at level: NoiseLevel) -> Prediction {
    let given = parametrization.input(at: level)
    let time = time(given.time)
    let output = x.scaled(by: factor(given, level) * time / (time + 1))
    return Prediction(x: x, level: level, output: output, parametrization: parametrization)
  }
}
