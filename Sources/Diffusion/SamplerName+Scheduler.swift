extension SamplerName {
  /// This sampler for a model, with the method's customary grid.
  ///
  /// The grids are those that diffusers takes where a configuration says nothing: multiples of a whole stride for DDPM, DDIM
  /// and PNDM, evenly spaced training steps for the others. On a schedule of sigmas all but PNDM spread their steps by the
  /// schedule's own formula, Karras' where it has none. The limit on estimates of clean data is kept by every sampler that has
  /// one; PNDM, Euler's methods, LMS and the predictor and corrector have none.
  ///
  /// - Parameters:
  ///   - process: The process of the model's training.
  ///   - options: For DDIM, and churn for Euler's and Heun's methods; the others take the defaults.
  /// - Throws: ``SamplerError/noSignal(_:)`` if the sampler cannot begin where the process does,
  ///   ``SamplerError/consistency(_:)`` if the model is one of consistency, and
  ///   ``SamplerError/setting(_:value:legal:)`` for options that it does not take.
  public func scheduler(
    for process: TrainedProcess = .init(), options: SchedulerOptions = .init()
  ) throws(SamplerError) -> Scheduler {
    guard process.schedule.alphaBars[process.schedule.last] > 0 || beginsWithoutSignal else { throw .noSignal(self) }
    if case .preconditioned(let preconditioning) = process.parametrization,
      case .consistency = preconditioning.form
    {
      throw .consistency(self)
    }
    try check(options)
    let (sampler, customary) = parts(process.limit, options)
    let grid: any SamplingGrid =
      self == .pndm ? customary : Self.grid(on: process.schedule, endsClean: self != .deis) ?? customary
    let indexesTable = self == .ddpm || self == .ddim
    return Scheduler(
      sampler: sampler, schedule: indexesTable ? process.schedule : process.schedule.withFiniteSigmas, grid: grid,
      parametrization: process.parametrization)
  }

  private func check(_ options: SchedulerOptions) throws(SamplerError) {
    var others = options
    others.churn = .none
    guard others == .init() || self == .ddim else {
      throw .setting(
        "eta", value: "\(options.eta)", legal: "0 without further options for \(rawValue); only ddim takes some")
    }
    guard options.eta >= 0 else { throw .setting("eta", value: "\(options.eta)", legal: "0 or more") }
    guard options.churn == .none || takesChurn else {
      throw .setting(
        "churn", value: "\(options.churn.amount)", legal: "0 for \(rawValue); only heun and euler take some")
    }
  }

  /// Whether noise may be added before each step.
  package var takesChurn: Bool { self == .heun || self == .euler }

  /// The grid on a schedule of sigmas, or nil on one of betas.
  private static func grid(on schedule: NoiseSchedule, endsClean: Bool) -> SigmaGrid? {
    guard schedule.isVarianceExploding else { return nil }
    return SigmaGrid(schedule.ramp ?? .karras(rho: 7), endsClean: endsClean)
  }

  /// The method and its customary grid.
  private func parts(_ limit: DenoisedLimit, _ options: SchedulerOptions) -> (any Sampler, any SamplingGrid) {
    let spaced = TrainingSigmaGrid(.linspace)
    let inclusive = TrainingSigmaGrid(.linspace, points: .inclusive)
    switch self {
    case .ddpm: return (DDPMSampler(limit: limit), TrainingStepGrid(.leading))
    case .ddim:
      let sampler = DDIMSampler(eta: options.eta, limit: limit, usesLimitedNoise: options.usesLimitedNoise)
      return (sampler, TrainingStepGrid(.leading))
    case .pndm: return (PNDMSampler(), PNDMGrid(.leading))
    case .dpmMultistep2: return (DPMSolverMultistepSampler(order: 2, limit: limit), spaced)
    case .dpmMultistep3: return (DPMSolverMultistepSampler(order: 3, limit: limit), spaced)
    case .dpmStochastic2:
      return (DPMSolverMultistepSampler(algorithm: .stochasticDataPrediction, order: 2, limit: limit), spaced)
    case .dpmSinglestep2: return (DPMSolverSinglestepSampler(order: 2, limit: limit), spaced)
    case .dpmSinglestep3: return (DPMSolverSinglestepSampler(order: 3, limit: limit), spaced)
    case .uniPC: return (UniPCSampler(limit: limit), spaced)
    case .deis: return (DEISSampler(limit: limit), TrainingSigmaGrid(.linspace, endsClean: false))
    case .heun: return (HeunSampler(limit: limit, churn: options.churn), inclusive)
    case .euler: return (EulerSampler(churn: options.churn), inclusive)
    case .eulerAncestral: return (EulerAncestralSampler(), inclusive)
    case .lms: return (LMSSampler(), inclusive)
    case .predictorCorrector: return (PredictorCorrectorSampler(), inclusive)
    }
  }
}
