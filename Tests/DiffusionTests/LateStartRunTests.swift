import Compute
import Diffusion
import Foundation
import Tensors
import Testing

@Suite("Runs from late starts")
struct LateStartRunTests {
  private let backend = makeTestBackend()
  private let data = GaussianTestData.truncated

  private func scheduler(_ name: SamplerName) throws -> Scheduler { try name.scheduler() }

  @Test(
    "with every sampler that adds no noise, a flow start keeps each seed's sample",
    arguments: [
      SamplerName.ddim, .pndm, .dpmMultistep2, .dpmMultistep3, .dpmSinglestep2, .dpmSinglestep3, .uniPC, .deis, .heun,
      .euler, .lms,
    ])
  func flowKeepsSamples(name: SamplerName) throws {
    let scheduler = try scheduler(name)
    let statistics = data.statistics(on: backend)
    let noise = SeededNoise(seeds: [0, 1, 2, 3], sampleShape: [data.dimension], on: backend)
    let top = scheduler.schedule.level(at: scheduler.schedule.last)
    let plan = try scheduler.plan(steps: 100, startingAt: 500)
    let start = LateStartInitialization.flow(statistics).state(from: noise.initialNoise(), at: plan.start, top: top)
    var run = try SamplingRun(
      plan, sampler: scheduler.sampler, denoiser: GaussianDenoiser(statistics), noise: noise, from: start)
    let exact = statistics.flowed(noise.initialNoise(), from: top, to: .clean)
    // What is left is the samplers' own error in a hundred steps, on data with deviations up to 3.
    let bound: Float = scheduler.sampler.order == 1 ? 0.03 : 0.006
    #expect(zip(try run.finish().values(), try exact.values()).allSatisfy { abs($0 - $1) < bound })
  }

  @Test(
    "DDIM steps through six hundred levels from the last training step are the flow, to their own error",
    arguments: zip([0.1, 5, 50], [3e-5, 1e-3, 6e-3]))
  func manyStepsAreTheFlow(variance: Double, error: Double) throws {
    let statistics = GaussianStatistics(mean: [0.5], basis: [1], eigenvalues: [variance], remainder: 0, on: backend)
    let schedule = NoiseSchedule.linear(), levels = (400...999).reversed().map { schedule.level(at: $0) }
    let plan = SamplingPlan(levels: levels, sampler: DDIMSampler())
    let normals = Tensor([-1, 0, 1], shape: [3, 1], on: backend)
    let noise = RecordedNoise(initial: normals)
    var run = try SamplingRun(plan, sampler: DDIMSampler(), denoiser: GaussianDenoiser(statistics), noise: noise)
    let stepped = try run.finish().values()
    let start = LateStartInitialization.flow(statistics)
    let flowed = try start.state(from: normals, at: levels[599], top: levels[0]).values()
    // The map is affine, and its slope is what carries the steps' error; these are those of its factors' product in Double.
    let slopes = [stepped, flowed].map { Double($0[2] - $0[0]) / 2 }
    #expect((0.6 * error...1.2 * error).contains(abs(slopes[0] - slopes[1])), "\(slopes)")
    #expect(abs(stepped[1] - flowed[1]) < 0.01)
  }

  @Test(
    "with every sampler that adds noise, a Gaussian start ends with the data's mean and variance",
    arguments: [SamplerName.ddpm, .eulerAncestral, .dpmStochastic2])
  func gaussianKeepsMoments(name: SamplerName) throws {
    let scheduler = try scheduler(name)
    let statistics = data.statistics(on: backend)
    let count = 2000
    let noise = SeededNoise(seeds: (0..<UInt64(count)).map { $0 }, sampleShape: [data.dimension], on: backend)
    let plan = try scheduler.plan(steps: 100, startingAt: 500)
    let start = LateStartInitialization.gaussian(statistics)
      .state(from: noise.initialNoise(), at: plan.start, top: plan.start)
    var run = try SamplingRun(
      plan, sampler: scheduler.sampler, denoiser: GaussianDenoiser(statistics), noise: noise, from: start)
    let values = try run.finish().values()
    let expected = data.covariance { $0 }
    for axis in 0..<data.dimension {
      let column = (0..<count).map { Double(values[$0 * data.dimension + axis]) }
      let mean = column.reduce(0, +) / Double(count)
      let variance = column.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(count - 1)
      #expect(abs(mean - data.mean[axis]) < 5 * (expected[axis][axis] / Double(count)).squareRoot())
      // The standard error is .03, and a hundred noisy steps of first order lose up to .06.
      #expect(abs(variance / expected[axis][axis] - 1) < 0.12)
    }
  }
}
