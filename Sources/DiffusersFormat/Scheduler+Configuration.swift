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
    let schedule = try builder.schedule()
    let parametrization = try builder.parametrization()
    if let name = try configuration.samplerName() {
      let process = TrainedProcess(
        schedule: schedule, parametrization: parametrization, limit: try builder.dataLimit())
      do throws(SamplerError) {
        self = try name.scheduler(for: process, options: options)
      } catch {
        throw configuration.fault("sampler", what: "\(error)")
      }
      return
    }
    try configuration.check(options, for: schedulerClass)
    let (sampler, grid) = try builder.build(schedule)
    self.init(sampler: sampler, schedule: schedule, grid: grid, parametrization: parametrization)
  }
}

extension SchedulerConfiguration {
  /// The sampler that our own key `sampler` puts in place of the class's, with its customary grid on the class's noise levels.
  package func samplerName() throws(SchedulerConfigurationError) -> SamplerName? {
    try optionalChoice("sampler", of: SamplerName.allCases.map(\.rawValue)).flatMap(SamplerName.init(rawValue:))
  }

  /// Whether a class takes the options of a call.
  fileprivate func check(
    _ options: SchedulerOptions, for schedulerClass: SchedulerClass
  ) throws(SchedulerConfigurationError) {
    let takesChurn: Set<SchedulerClass> = [.heun, .euler, .edmEuler]
    guard options.churn == .none || takesChurn.contains(schedulerClass) else {
      throw fault(
        "_class_name", what: "\(schedulerClass.rawValue) takes no churn; Heun's and Euler's methods (heun, euler) do")
    }
    var others = options
    others.churn = .none
    guard others == .init() || schedulerClass == .ddim else {
      let what = options.eta != 0 ? "eta" : options.usesGridSteps ? "corrected steps" : "noise of limited estimates"
      throw fault("_class_name", what: "\(schedulerClass.rawValue) takes no \(what); only DDIMScheduler does")
    }
  }
}
