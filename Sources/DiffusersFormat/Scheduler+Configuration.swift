public import Diffusion

extension Scheduler {
  /// The scheduler of a configuration, with the same steps and results as diffusers.
  ///
  /// - Parameters:
  ///   - configuration: What `scheduler_config.json` says.
  ///   - options: What diffusers takes as arguments of a call.
  /// - Throws: One line that names the key, its value and what is legal.
  public init(
    _ configuration: SchedulerConfiguration, options: SchedulerOptions = .init()
  ) throws(SchedulerConfigurationError) {
    let schedulerClass = try configuration.schedulerClass()
    let builder = SchedulerBuilder(configuration: configuration, schedulerClass: schedulerClass, options: options)
    guard options == .init() || schedulerClass == .ddim else {
      let what = options.eta != 0 ? "eta" : options.usesGridSteps ? "corrected steps" : "noise of limited estimates"
      throw configuration.fault(
        "_class_name", what: "\(schedulerClass.rawValue) takes no \(what); only DDIMScheduler does")
    }
    let schedule = try builder.schedule()
    let (sampler, grid) = try builder.build(schedule)
    self.init(
      sampler: sampler, schedule: schedule, grid: grid,
      predictionType: try configuration.choice("prediction_type", .epsilon))
  }
}
