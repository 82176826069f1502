/// A sampler with the schedule of a model and a rule for its steps: all that a `scheduler_config.json` says.
///
/// ```swift
/// let scheduler = try Scheduler(configuration)
/// let plan = try scheduler.plan(steps: 50)
/// var run = try SamplingRun(plan, sampler: scheduler.sampler, denoiser: denoiser, noise: noise)
/// ```
public struct Scheduler: Sendable {
  /// The noise levels of the model's training steps.
  public let schedule: NoiseSchedule
  /// The update rule.
  public let sampler: any Sampler
  /// What the network was trained to predict.
  public let predictionType: PredictionType
  private let grid: any SamplingGrid

  /// The scheduler of a configuration, with the same steps and results as diffusers.
  ///
  /// - Parameters:
  ///   - configuration: What `scheduler_config.json` says.
  ///   - options: What diffusers takes as arguments of a call.
  /// - Throws: One line that names the key, its value and what is legal.
  public init(_ configuration: SchedulerConfiguration, options: SchedulerOptions = .init()) throws(SamplerError) {
    let schedulerClass = try configuration.schedulerClass()
    let builder = SchedulerBuilder(configuration: configuration, schedulerClass: schedulerClass, options: options)
    guard options == .init() || schedulerClass == .ddim else {
      let what = options.eta != 0 ? "eta" : options.usesGridSteps ? "corrected steps" : "noise of limited estimates"
      throw SamplerError(
        "\(configuration.source): \(schedulerClass.rawValue) takes no \(what); only DDIMScheduler does")
    }
    schedule = try builder.schedule()
    predictionType = try configuration.choice("prediction_type", .epsilon)
    (sampler, grid) = try builder.build(schedule)
  }

  /// The plan of a whole run, from the prior to the data.
  ///
  /// - Throws: If the number of steps does not fit the grid.
  public func plan(steps: Int) throws(SamplerError) -> SamplingPlan {
    try grid.plan(steps: steps, sampler: sampler)
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
    try grid.plan(steps: steps, startingAt: timestep, sampler: sampler)
  }
}

/// What diffusers takes as arguments of a call rather than from a configuration.
public struct SchedulerOptions: Sendable, Hashable {
  /// DDIM: how much of DDPM's noise is added, 0 for none and 1 for all of it.
  public var eta: Double
  /// DDIM: whether the noise is derived again from the limited estimate of the clean data.
  public var usesLimitedNoise: Bool
  /// DDIM: whether each step ends where the next begins.
  ///
  /// Without it steps go down by a fixed stride as in diffusers, which
  /// disagrees with `linspace` and `trailing` grids unless the number of steps divides that of the training steps.
  public var usesGridSteps: Bool

  /// The defaults of diffusers.
  public init(eta: Double = 0, usesLimitedNoise: Bool = false, usesGridSteps: Bool = false) {
    self.eta = eta
    self.usesLimitedNoise = usesLimitedNoise
    self.usesGridSteps = usesGridSteps
  }
}
