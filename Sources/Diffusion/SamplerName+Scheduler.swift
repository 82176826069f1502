extension SamplerName {
  /// This sampler for a model, with the method's customary grid.
  ///
  /// The grids are those that diffusers takes where a configuration says nothing: multiples of a whole stride for DDPM, DDIM
  /// and PNDM, evenly spaced training steps for the others. The limit on estimates of clean data is kept by every sampler
  /// that has one; PNDM, Euler's methods and LMS have none.
  ///
  /// - Parameters:
  ///   - process: The process of the model's training.
  ///   - options: For DDIM alone; the others take the defaults.
  /// - Throws: ``SamplerError/noSignal(_:)`` if the sampler cannot begin where the process does, and
  ///   ``SamplerError/setting(_:value:legal:)`` for options that it does not take.
  public func scheduler(
    for process: TrainedProcess = .init(), options: SchedulerOptions = .init()
  ) throws(SamplerError) -> Scheduler {
    guard process.schedule.alphaBars[process.schedule.last] > 0 || beginsWithoutSignal else { throw .noSignal(self) }
    guard options == .init() || self == .ddim else {
      throw .setting(
        "eta", value: "\(options.eta)", legal: "0 without further options for \(rawValue); only ddim takes some")
    }
    guard options.eta >= 0 else { throw .setting("eta", value: "\(options.eta)", legal: "0 or more") }
    let (sampler, grid) = parts(process.limit, options)
    let indexesTable = self == .ddpm || self == .ddim
    return Scheduler(
      sampler: sampler, schedule: indexesTable ? process.schedule : process.schedule.withFiniteSigmas, grid: grid,
      predictionType: process.predictionType)
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
    case .heun: return (HeunSampler(limit: limit), inclusive)
    case .euler: return (EulerSampler(), inclusive)
    case .eulerAncestral: return (EulerAncestralSampler(), inclusive)
    case .lms: return (LMSSampler(), inclusive)
    }
  }
}
