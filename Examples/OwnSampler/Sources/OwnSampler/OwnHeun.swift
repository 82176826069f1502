import Diffusion
import Foundation
import Tensors

/// Heun's method as the paper writes it (Karras and others 2022, algorithm 1 without churn).
struct OwnHeun: Sampler {
  let order = 2

  func step(
    _ x: Tensor, _ step: SamplingStep, denoiser: any Denoiser, noise: StepNoise, state: inout SamplerState
  ) throws -> SamplerUpdate {
    let first = try denoiser.prediction(x, at: step.from)
    let guess = move(x, along: [(1, first.noise)], step)
    guard step.to.sigma > 0 else { return SamplerUpdate(guess, first) }
    let second = try denoiser.prediction(guess, at: step.to)
    return SamplerUpdate(move(x, along: [(0.5, first.noise), (0.5, second.noise)], step), first)
  }

  /// `x' / alpha' = x / alpha + (sigma' - sigma) slope`, with Karras' sigmas; the slope of the flow is the noise.
  private func move(_ x: Tensor, along slope: [(Double, Tensor)], _ step: SamplingStep) -> Tensor {
    let length = step.to.karrasSigma - step.from.karrasSigma
    return .combination([(step.to.alpha / step.from.alpha, x)] + slope.map { (step.to.alpha * length * $0, $1) })
  }
}

/// Sigmas evenly in `sigma^(1/7)` (the same paper, equation 5), and then the clean data.
struct OwnKarrasGrid: SamplingGrid {
  func plan(
    steps: Int, startingAt timestep: Int?, on schedule: NoiseSchedule, sampler: any Sampler
  ) throws(SamplerError) -> SamplingPlan {
    guard steps > 1 else { throw .steps(steps, reason: "a grid between two sigmas has at least two steps") }
    let ends = (try schedule.start(timestep), schedule.level(at: 0))
    let (high, low) = (pow(ends.0.karrasSigma, 1 / 7), pow(ends.1.karrasSigma, 1 / 7))
    let sigmas = (0..<steps).map { pow(high + Double($0) / Double(steps - 1) * (low - high), 7) }
    return SamplingPlan(levels: sigmas.map(schedule.level(atKarrasSigma:)) + [.clean], sampler: sampler)
  }
}
