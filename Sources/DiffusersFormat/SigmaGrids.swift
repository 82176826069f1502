import Diffusion
import Foundation

/// The steps of diffusers' EDM schedulers: sigmas of 32 bits by a formula, and what comes after the last.
struct EDMGrid: SamplingGrid {
  /// How sigmas are spread between those of the schedule's ends.
  var ramp: SigmaRamp
  /// Whether the clean data come after the last sigma, rather than that sigma again, a step that changes nothing.
  var endsClean: Bool

  func plan(
    steps: Int, startingAt timestep: Int?, on schedule: NoiseSchedule, sampler: any Sampler
  ) throws(SamplerError) -> SamplingPlan {
    try SamplerError.check(steps: steps)
    let start = try schedule.start(timestep)
    let low = schedule.level(at: 0).karrasSigma
    let sigmas = ramp.sigmas(from: start.karrasSigma, to: low, count: steps).dropFirst()
    let levels = [start] + sigmas.map { schedule.level(atKarrasSigma: Double(Float($0))) }
    let end = endsClean ? NoiseLevel.clean : levels[levels.count - 1]
    // diffusers begins with normals times sqrt(sigma^2 + 1), which are standard ones in the project's scaling.
    return SamplingPlan(levels: levels + [end], sampler: sampler, finalScale: 1 / end.alpha)
  }
}

/// The steps of diffusers' `ScoreSdeVeScheduler`: sigmas in geometric progression, and beside each the one that the network is
/// conditioned on, which never reaches the smallest.
struct ScoreGrid: SamplingGrid {
  /// The last time, `sampling_eps`.
  var lastTime: Double

  func plan(
    steps: Int, startingAt timestep: Int?, on schedule: NoiseSchedule, sampler: any Sampler
  ) throws(SamplerError) -> SamplingPlan {
    try SamplerError.check(steps: steps)
    let start = try schedule.start(timestep)
    let (high, low) = (start.karrasSigma, schedule.level(at: 0).karrasSigma)
    let sigmas = SigmaRamp.exponential.sigmas(from: high, to: low, count: steps)
    let times = TimestepSpacing.evenlySpaced(from: 1, to: lastTime, count: steps)
    let levels = [start] + sigmas.dropFirst().map(schedule.level(atKarrasSigma:)) + [.clean]
    let pairs = (0..<steps).map { index in
      StepLevels(
        from: levels[index], to: levels[index + 1],
        inner: [schedule.level(atKarrasSigma: low * pow(high / low, times[index]))])
    }
    return SamplingPlan(pairs: pairs, sampler: sampler, initialScale: timestep == nil ? start.sigma : 1)
  }
}
