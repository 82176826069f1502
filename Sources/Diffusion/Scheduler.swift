/// A sampler with the schedule of a model and a rule for its steps: all that is needed to plan runs.
///
/// ```swift
/// let scheduler = Scheduler(sampler: HeunSampler(), schedule: .linear(), grid: .karras())
/// let plan = try scheduler.plan(steps: 50)
/// var run = try SamplingRun(plan, sampler: scheduler.sampler, denoiser: denoiser, noise: noise)
/// ```
public struct Scheduler: Sendable {
  /// The update rule.
  public let sampler: any Sampler
  /// The noise levels of the model's training steps.
  public let schedule: NoiseSchedule
  /// Where the steps of a run lie.
  public let grid: any SamplingGrid
  /// What the network is given and what it returns.
  public let parametrization: Parametrization

  /// A sampler, a schedule and a grid that belong together.
  public init(
    sampler: some Sampler, schedule: NoiseSchedule, grid: some SamplingGrid, parametrization: Parametrization
  ) {
    self.sampler = sampler
    self.schedule = schedule
    self.grid = grid
    self.parametrization = parametrization
  }

  /// A sampler, a schedule and a grid that belong together, for a network without preconditioning.
  public init(
    sampler: some Sampler, schedule: NoiseSchedule, grid: some SamplingGrid, predictionType: PredictionType = .epsilon
  ) {
    self.init(sampler: sampler, schedule: schedule, grid: grid, parametrization: .predicts(predictionType))
  }

  /// The plan of a whole run, from the prior to the data.
  ///
  /// - Throws: If the number of steps does not fit the grid.
  public func plan(steps: Int) throws(SamplerError) -> SamplingPlan {
    try grid.plan(steps: steps, startingAt: nil, on: schedule, sampler: sampler).churned(
      by: sampler.churn, on: schedule)
  }

  /// The plan of a late start, whose first level is that of a training step.
  ///
  /// The discrete samplers take the paper's grid, `linspace(0, T, n)` truncated to integers with both ends included, and
  /// a last step to the clean data (Raya and Ambrogioni 2023); the others their own spacing rule below `T`. Histories
  /// begin empty.
  ///
  /// - Parameters:
  ///   - steps: Steps of the run.
  ///   - timestep: The training step to begin at, 1 to ``NoiseSchedule/last``.
  /// - Throws: If the start is out of range or the number of steps does not fit the grid.
  public func plan(steps: Int, startingAt timestep: Int) throws(SamplerError) -> SamplingPlan {
    try grid.plan(steps: steps, startingAt: timestep, on: schedule, sampler: sampler)
      .churned(by: sampler.churn, on: schedule)
  }
}
