import Conformance
import Diffusion
import Foundation
import Tensors
import Testing

/// Adams and Bashforth's second-order method in `x / alpha`, as somebody outside of the package would write it.
private struct OwnSampler: Sampler {
  let limit = DenoisedLimit.clip(4)

  var order: Int { 2 }

  func step(
    _ x: Tensor, _ step: SamplingStep, denoiser: any Denoiser, noise: StepNoise, state: inout SamplerState
  ) throws -> SamplerUpdate {
    let prediction = try evaluate(denoiser, x, at: step.from).prediction
    let (slope, denoised) = try limitedNoise(prediction, limit)
    state.remember(slope, limit: order)
    var mean = slope
    if step.reachableOrder(remembered: state.values.count) == 2 {
      let (last, next) = (
        step.from.karrasSigma - step.previous[0].karrasSigma, step.to.karrasSigma - step.from.karrasSigma
      )
      let r = next / (2 * last)
      mean = .combination([(1 + r, slope), (-r, state.values[1])])
    }
    return SamplerUpdate(carry(x, noise: mean, from: step.from, to: step.to), prediction, limited: denoised)
  }

  func order(ofStep index: Int, of count: Int) -> Int { min(index + 1, order) }
}

/// Sigmas that fall by halves of what is left.
private struct OwnGrid: SamplingGrid {
  func plan(
    steps: Int, startingAt timestep: Int?, on schedule: NoiseSchedule, sampler: any Sampler
  ) throws(SamplerError) -> SamplingPlan {
    guard (1...16).contains(steps) else { throw .steps(steps, reason: "1 to 16 are legal") }
    let top = try schedule.start(timestep)
    let sigmas = (1..<max(steps, 1)).map { top.karrasSigma * pow(0.5, Double($0)) }
    let levels = [top] + sigmas.map(schedule.level(atKarrasSigma:)) + [.clean]
    return SamplingPlan(levels: levels, sampler: sampler)
  }
}

@Suite("Samplers and grids of one's own, with public API only")
struct OwnSamplerTests {
  private let backend = ReferenceBackend()
  private let flow = GaussianFlow(mean: 0.4, variances: [0.09, 0.5, 1.7], type: .sample)

  @Test("They run, late and from the prior, and agree with LMS of second order")
  func runs() throws {
    let noise = SeededNoise(seeds: [1, 2], sampleShape: [3], on: backend)
    let own = Scheduler(sampler: OwnSampler(), schedule: .cosine(), grid: OwnGrid(), predictionType: .sample)
    let packaged = Scheduler(sampler: LMSSampler(order: 2), schedule: .cosine(), grid: OwnGrid())
    for timestep in [nil, 600] as [Int?] {
      let plan = try timestep.map { try own.plan(steps: 12, startingAt: $0) } ?? own.plan(steps: 12)
      let results = try [own, packaged].map { scheduler in
        var run = try SamplingRun(plan, sampler: scheduler.sampler, denoiser: flow, noise: noise)
        let state = try #require(try run.next())
        #expect(state.prediction.parametrization == .predicts(.sample) && state.prediction.level == plan.start)
        return try run.finish().values()
      }
      // LMS integrates to the clean data with its second order; the last step here is Euler's.
      #expect(zip(results[0], results[1]).allSatisfy { abs($0 - $1) < 0.02 })
    }
    #expect(throws: SamplerError.steps(20, reason: "1 to 16 are legal")) { try own.plan(steps: 20) }
  }

  @Test("Its order is that of the package's own")
  func order() throws {
    let slope = try FlowError().slope(of: OwnSampler(), steps: [16, 32, 64])
    #expect(abs(slope + 2) <= 0.3, "slope \(slope)")
  }
}
