import Diffusion

/// DDIM's grid in diffusers: each step of a whole run goes down by a fixed stride, even where the next one begins elsewhere.
struct FixedStrideGrid: SamplingGrid {
  /// Where steps begin.
  let points: TrainingStepGrid

  func plan(
    steps: Int, startingAt timestep: Int?, on schedule: NoiseSchedule, sampler: any Sampler
  ) throws(SamplerError) -> SamplingPlan {
    guard timestep == nil else {
      return try points.plan(steps: steps, startingAt: timestep, on: schedule, sampler: sampler)
    }
    let timesteps = try points.timesteps(steps, of: schedule)
    let (stride, end) = (schedule.count / steps, points.end(of: schedule))
    let pairs = timesteps.map { timestep in
      StepLevels(
        from: schedule.level(at: timestep), to: timestep >= stride ? schedule.level(at: timestep - stride) : end)
    }
    return SamplingPlan(pairs: pairs, sampler: sampler)
  }
}
