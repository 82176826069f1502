import DiffusersFormat
import Files
import Compute
import Conformance
import Diffusion
import Tensors
import Testing

@Suite("Runs of samplers")
struct SamplingRunTests {
  private let backend = ReferenceBackend()
  private let shape = [1, 2, 2]

  private func scheduler(_ name: String, _ settings: [String: JSONValue] = [:]) throws -> Scheduler {
    try Scheduler(SchedulerConfiguration(settings.merging(["_class_name": .string(name + "Scheduler")]) { $1 }))
  }

  private func denoiser(_ scheduler: Scheduler) -> ClosedFormDenoiser {
    ClosedFormDenoiser(trainingSteps: scheduler.schedule.count, type: scheduler.parametrization)
  }

  @Test("A sample is the same alone and in a batch", arguments: SamplingGridTests.everyClass)
  func batchesDoNotMatter(name: String) throws {
    let settings: [String: JSONValue] = ["thresholding": .boolean(true), "sample_max_value": .number(3)]
    let scheduler = try scheduler(name, settings)
    let plan = try scheduler.plan(steps: 8)
    let results = try [[5], [17], [5, 17]].map { (seeds: [UInt64]) in
      let noise = SeededNoise(seeds: seeds, sampleShape: shape, on: backend)
      var run = try SamplingRun(plan, sampler: scheduler.sampler, denoiser: denoiser(scheduler), noise: noise)
      return try run.finish().values()
    }
    #expect(results[0] + results[1] == results[2])
  }

  @Test("The loop hands out previews without evaluations and can end early")
  func loopsCanEndEarly() throws {
    let scheduler = try scheduler("DPMSolverMultistep")
    let plan = try scheduler.plan(steps: 10)
    let noise = SeededNoise(seeds: [1], sampleShape: shape, on: backend)
    var run = try SamplingRun(plan, sampler: scheduler.sampler, denoiser: denoiser(scheduler), noise: noise)
    var last: SamplingState?
    while let state = try run.next() {
      #expect(try state.denoised.values().allSatisfy({ $0.isFinite }))
      #expect(state.evaluations == state.index + 1)
      last = state
      if state.index == 3 { break }
    }
    #expect(run.evaluations == 4)
    let state = try #require(last)
    #expect(state.step.to == plan.steps[4].from)
    #expect(try run.x.values() == state.x.values())
  }

  @Test("Noise is drawn where it is added and nowhere else")
  func noiseIsDrawnWhereItIsAdded() throws {
    let draws: [(Scheduler, Int)] = [
      (try scheduler("DDPM"), 5), (try scheduler("DDIM"), 0), (try scheduler("EulerAncestralDiscrete"), 5),
      (try scheduler("DPMSolverMultistep", ["algorithm_type": .string("sde-dpmsolver++")]), 5),
      (try scheduler("UniPCMultistep"), 0),
      (
        try Scheduler(
          .init(["_class_name": .string("DDIMScheduler"), "set_alpha_to_one": .boolean(true)]), options: .init(eta: 1)),
        5
      ),
    ]
    for (scheduler, expected) in draws {
      let noise = CountingNoise(shape: [1] + shape, on: backend)
      var run = try SamplingRun(
        scheduler.plan(steps: 6), sampler: scheduler.sampler, denoiser: denoiser(scheduler), noise: noise)
      _ = try run.finish()
      #expect(noise.draws == expected, "\(scheduler.sampler)")
    }
  }

  @Test("A recording that ends too early is an error that says so")
  func exhaustedRecordings() throws {
    let scheduler = try scheduler("DDPM")
    let noise = RecordedNoise(initial: [1, 2, 3, 4], draws: [1, 1, 1, 1], shape: [1] + shape, on: backend)
    var run = try SamplingRun(
      scheduler.plan(steps: 4), sampler: scheduler.sampler, denoiser: denoiser(scheduler), noise: noise)
    let failure = #expect(throws: RecordedNoiseExhausted.self) { try run.finish() }
    #expect(failure?.description == "step noise: 1 draws are recorded, but step 1 of this sampler needs one more")
  }

  @Test("A network that predicts no variance cannot serve a learned one")
  func missingVariances() throws {
    let scheduler = try scheduler("DDPM", ["variance_type": .string("learned_range")])
    var run = try SamplingRun(
      scheduler.plan(steps: 4), sampler: scheduler.sampler, denoiser: denoiser(scheduler),
      noise: SeededNoise(seeds: [1], sampleShape: shape, on: backend))
    #expect(throws: SamplerError.self) { try run.finish() }
  }

  @Test(
    "A schedule without any signal at its end is sampled without infinities",
    arguments: [
      "DDPM", "DDIM", "DPMSolverMultistep", "UniPCMultistep", "EulerDiscrete", "EulerAncestralDiscrete",
    ])
  func zeroSignal(name: String) throws {
    for type in ["v_prediction", "epsilon"] {
      let scheduler = try scheduler(
        name,
        [
          "rescale_betas_zero_snr": .boolean(true), "timestep_spacing": .string("trailing"),
          "prediction_type": .string(type),
        ])
      var run = try SamplingRun(
        scheduler.plan(steps: 5), sampler: scheduler.sampler, denoiser: denoiser(scheduler),
        noise: SeededNoise(seeds: [1], sampleShape: shape, on: backend))
      #expect(try run.finish().values().allSatisfy({ $0.isFinite }), "\(name), \(type)")
    }
  }

  @Test("A step for each training step is sampled without infinities", arguments: SamplingGridTests.everyClass)
  func allTrainingSteps(name: String) throws {
    let scheduler = try scheduler(name, ["num_train_timesteps": .number(60), "beta_end": .number(0.3)])
    var run = try SamplingRun(
      scheduler.plan(steps: 60), sampler: scheduler.sampler, denoiser: denoiser(scheduler),
      noise: SeededNoise(seeds: [1], sampleShape: shape, on: backend))
    #expect(try run.finish().values().allSatisfy({ $0.isFinite }))
  }

  @Test("A run that begins inside its grid takes Euler's step first if LMS is to grow with its history")
  func lmsHistory() throws {
    let scheduler = try scheduler("LMSDiscrete")
    let plan = try scheduler.plan(steps: 10).dropping(first: 6)
    let x = Tensor([0.1, 0.2, -0.3, 0.4], shape: [1] + shape, on: backend)
    func firstState(_ sampler: any Sampler) throws -> [Float] {
      var run = try SamplingRun(
        plan, sampler: sampler, denoiser: denoiser(scheduler), noise: RecordedNoise(initial: x), from: x)
      return try #require(try run.next()).x.values()
    }
    let euler = try firstState(EulerSampler())
    let distance = { (values: [Float]) in zip(values, euler).map { abs($0 - $1) }.max() ?? 0 }
    #expect(distance(try firstState(LMSSampler(weighsMissingHistory: false))) < 1e-6)
    #expect(distance(try firstState(LMSSampler())) > 1e-2)
  }
}

/// Ones, and how often they were asked for.
private final class CountingNoise: NoiseSource {
  private(set) var draws = 0
  private let ones: Tensor

  init(shape: [Int], on backend: any Backend) {
    ones = Tensor([Float](repeating: 1, count: shape.reduce(1, *)), shape: shape, on: backend)
  }

  func initialNoise() -> Tensor { ones }

  func stepNoise(step: Int, draw: Int) -> Tensor {
    draws += 1
    return ones
  }
}
