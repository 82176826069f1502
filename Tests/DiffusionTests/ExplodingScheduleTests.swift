import Compute
import Conformance
import Diffusion
import Foundation
import Tensors
import Testing

/// Samplers and late starts on the noise levels of unscaled data, where `x / alpha = x0 + karrasSigma eps`.
@Suite("Schedules of sigmas")
struct ExplodingScheduleTests {
  static let schedules: [NoiseSchedule] = [
    .edm(), .geometric(to: 90), .edm(sigmaMin: 0.01, sigmaMax: 40, rho: 5, count: 40),
  ]
  static let deterministic: [SamplerName] = [
    .ddim, .dpmMultistep2, .dpmMultistep3, .dpmSinglestep2, .dpmSinglestep3, .uniPC, .deis, .heun, .euler, .lms,
  ]
  static let stochastic: [SamplerName] = [.ddpm, .eulerAncestral, .dpmStochastic2]

  private let backend = makeTestBackend()
  private let data = GaussianTestData.truncated

  private func scheduler(_ name: SamplerName, _ schedule: NoiseSchedule) throws -> Scheduler {
    try name.scheduler(for: TrainedProcess(schedule: schedule))
  }

  @Test("Both ends are exact, and a sigma is at its place in the table", arguments: schedules)
  func ends(schedule: NoiseSchedule) throws {
    #expect(schedule.isVarianceExploding && schedule.last == schedule.count - 1)
    let middle = schedule.level(at: schedule.count / 2)
    #expect(abs(schedule.timestep(atKarrasSigma: middle.karrasSigma) - Double(schedule.count / 2)) < 1e-6)
    let plan = try scheduler(.heun, schedule).plan(steps: 18)
    let (low, high) = (schedule.level(at: 0).karrasSigma, schedule.level(at: schedule.last).karrasSigma)
    let ramp = try #require(schedule.ramp), sigmas = ramp.sigmas(from: high, to: low, count: 18)
    for (step, sigma) in zip(plan.steps, sigmas) { #expect(abs(step.from.karrasSigma / sigma - 1) < 1e-9) }
    #expect(plan.steps[17].to == .clean && abs(plan.initialScale - plan.start.sigma) < 1e-12)
  }

  @Test("Samplers that follow the flow arrive where it ends", arguments: deterministic, schedules)
  func flow(name: SamplerName, schedule: NoiseSchedule) throws {
    let statistics = data.statistics(on: backend), scheduler = try scheduler(name, schedule)
    let plan = try scheduler.plan(steps: 60)
    let noise = SeededNoise(seeds: [0, 1, 2, 3], sampleShape: [data.dimension], on: backend)
    var run = try SamplingRun(plan, sampler: scheduler.sampler, denoiser: GaussianDenoiser(statistics), noise: noise)
    let end = plan.steps.last?.to ?? .clean
    let exact = statistics.flowed(noise.initialNoise().scaled(by: plan.initialScale), from: plan.start, to: end)
      .scaled(by: 1 / end.alpha)
    let result = try run.finish().values(), error = zip(result, try exact.values()).map { abs($0 - $1) }.max() ?? 0
    let bound: Float = scheduler.sampler.order == 1 ? 0.2 : 0.05
    #expect(error < bound, "\(error)")
  }

  @Test("Samplers that add noise have the data's mean and variance", arguments: stochastic, schedules)
  func moments(name: SamplerName, schedule: NoiseSchedule) throws {
    let variance = 0.6, mean: Float = 0.4, count = 4000
    let scheduler = try scheduler(name, schedule)
    let noise = SeededNoise(seeds: (0..<UInt64(count)).map { $0 }, sampleShape: [1], on: backend)
    let denoiser = GaussianMixtureDenoiser(centres: [mean], dimension: 1, variance: variance, on: backend)
    var run = try SamplingRun(scheduler.plan(steps: 40), sampler: scheduler.sampler, denoiser: denoiser, noise: noise)
    let values = try run.finish().values().map(Double.init)
    let found = values.reduce(0, +) / Double(count)
    let spread = values.reduce(0) { $0 + ($1 - found) * ($1 - found) } / Double(count)
    // Four standard errors of the mean, and of the variance with what forty steps of first order miss.
    #expect(abs(found - Double(mean)) < 4 * (variance / Double(count)).squareRoot() + 0.02, "\(found)")
    #expect(abs(spread / variance - 1) < 0.09 + (name == .dpmStochastic2 ? 0 : 0.15), "\(spread)")
  }

  @Test("A step to the clean data is the estimate of them, without the rounding of discrete tables")
  func lastStep() throws {
    let level = NoiseSchedule.edm().level(at: 0), x = Tensor([0.5, -0.25], shape: [1, 2], on: backend)
    let denoiser = GaussianMixtureDenoiser(centres: [0.1, 0.2], dimension: 2, variance: 0.5, on: backend)
    let exact = try denoiser.prediction(x, at: level).denoised.values()
    for sampler in [DDPMSampler(), DDIMSampler(eta: 1)] as [any Sampler] {
      var run = try SamplingRun(
        SamplingPlan(levels: [level, .clean], sampler: sampler), sampler: sampler, denoiser: denoiser,
        noise: RecordedNoise(initial: x), from: x)
      for (value, target) in zip(try run.finish().values(), exact) { #expect(abs(value - target) < 1e-6) }
    }
  }

  @Test("A Gaussian start has the data's mean, and their covariance with that of the noise added", arguments: schedules)
  func gaussianStart(schedule: NoiseSchedule) throws {
    let statistics = data.statistics(on: backend)
    let level = schedule.level(at: schedule.count / 2), sigma = level.karrasSigma
    // Along each direction a normal of one: mean + sqrt(variance + sigma^2) u.
    for (direction, variance) in zip(data.basis, data.eigenvalues) {
      let normal = Tensor(direction.map { Float($0) }, shape: [1, data.dimension], on: backend)
      let state = LateStartInitialization.gaussian(statistics).state(from: normal, at: level, top: level)
      let unscaled = try state.scaled(by: 1 / level.alpha).values()
      for (place, value) in unscaled.enumerated() {
        let exact = data.mean[place] + (variance + sigma * sigma).squareRoot() * direction[place]
        #expect(abs(Double(value) - exact) < 1e-5 * (1 + sigma))
      }
    }
  }

  @Test("Late starts end with the data's moments, by the flow in the very samples", arguments: schedules)
  func lateStart(schedule: NoiseSchedule) throws {
    let statistics = data.statistics(on: backend), scheduler = try scheduler(.heun, schedule)
    let start = schedule.count / 3
    let plan = try scheduler.plan(steps: 40, startingAt: start)
    #expect(plan.start == schedule.level(at: start) && plan.initialScale == 1)
    let normals = SeededNoise(seeds: [4, 5], sampleShape: [data.dimension], on: backend).initialNoise()
    let top = schedule.level(at: schedule.last)
    for initialization in [LateStartInitialization.gaussian(statistics), .flow(statistics)] {
      let state = initialization.state(from: normals, at: plan.start, top: top)
      var run = try SamplingRun(
        plan, sampler: scheduler.sampler, denoiser: GaussianDenoiser(statistics),
        noise: RecordedNoise(initial: normals),
        from: state)
      let exact: Tensor =
        switch initialization {
        case .flow: statistics.flowed(normals, from: top, to: .clean)
        default: statistics.gaussianState(from: normals, at: .clean)
        }
      let error = zip(try run.finish().values(), try exact.values()).map { abs($0 - $1) }.max() ?? 0
      #expect(error < 0.02, "\(error)")
    }
  }

  @Test("Churn raises the sigmas of its range, by no more than a factor of the root of two")
  func churn() throws {
    let churn = Churn(amount: 30, sigmas: 0.05...50, noise: 1.003)
    let scheduler = try SamplerName.heun.scheduler(
      for: TrainedProcess(schedule: .edm()), options: .init(churn: churn))
    for step in try scheduler.plan(steps: 40).steps {
      let sigma = step.from.karrasSigma, raised = step.inner.first?.karrasSigma
      #expect((raised != nil) == churn.sigmas.contains(sigma))
      if let raised { #expect(abs(raised / sigma - 2.0.squareRoot()) < 1e-9) }
    }
    #expect(throws: SamplerError.self) {
      try SamplerName.lms.scheduler(for: TrainedProcess(schedule: .edm()), options: .init(churn: churn))
    }
  }

  @Test(
    "A consistency model is refused by the samplers that would follow its estimates", arguments: SamplerName.allCases)
  func consistencyModels(name: SamplerName) {
    let process = TrainedProcess(
      schedule: .edm(count: 40),
      parametrization: .preconditioned(Preconditioning(.consistency(dataDeviation: 0.5, smallestSigma: 0.002))))
    #expect(throws: SamplerError.consistency(name)) { try name.scheduler(for: process) }
  }
}
