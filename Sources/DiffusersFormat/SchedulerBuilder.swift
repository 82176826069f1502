import Diffusion
import Files

/// Turns a configuration into a schedule, a sampler and a grid.
struct SchedulerBuilder {
  let configuration: SchedulerConfiguration
  let schedulerClass: SchedulerClass
  let options: SchedulerOptions

  typealias Parts = (any Sampler, any SamplingGrid)

  /// Limits of estimates of clean data: above nothing, and within the 32 bits of devices.
  private static let limits = 1e-6...1e6
  /// Karras' sigmas, whose squares are within 32 bits.
  private static let sigmas = 1e-9...1e9

  /// The noise levels of the training steps.
  func schedule() throws(SchedulerConfigurationError) -> NoiseSchedule {
    if schedulerClass.isVarianceExploding { return try sigmaSchedule() }
    let count = try configuration.integer("num_train_timesteps", 1000, in: 1...NoiseSchedule.largestCount)
    let defaults = schedulerClass.defaultBetas
    let (start, end) = (
      try configuration.number("beta_start", defaults.start, in: 0...1),
      try configuration.number("beta_end", defaults.end, in: 0...1)
    )
    let betas: BetaSchedule
    if let table = try configuration.numbers("trained_betas", in: 0...1) {
      guard table.count == count else {
        throw configuration.fault(
          "trained_betas", "holds \(table.count) numbers for num_train_timesteps \(count)")
      }
      betas = .table(table.map { Float($0) })
    } else {
      let legal = ["linear", "scaled_linear", "squaredcos_cap_v2", "sigmoid", "laplace", "exp"]
      switch try configuration.choice("beta_schedule", "linear", of: legal) {
      case "scaled_linear": betas = .scaledLinear(from: start, to: end)
      case "squaredcos_cap_v2": betas = .squaredCosine
      case "sigmoid": betas = .sigmoid(from: start, to: end)
      case "laplace": betas = .laplace
      case "exp": betas = .exponential
      default: betas = .linear(from: start, to: end)
      }
    }
    guard betas.betas(count: count).allSatisfy({ $0 > 0 && $0 < 1 }) else {
      throw configuration.fault(
        "beta_schedule",
        what: "the betas (beta_start \(start), beta_end \(end)) are not all between 0 and 1")
    }
    let rescales = try configuration.flag("rescale_betas_zero_snr", false)
    let terminalAlphaBar = schedulerClass.terminalAlphaBar
    let table = betas.alphaBars(
      count: count, rescalesToZeroSignal: rescales && terminalAlphaBar != nil,
      terminalAlphaBar: terminalAlphaBar ?? nil)
    if let fault = NoiseSchedule.fault(in: table) {
      throw configuration.fault("beta_schedule", "with rescale_betas_zero_snr \(rescales) is no schedule: \(fault)")
    }
    return try sampleable(NoiseSchedule(alphaBars: table))
  }

  /// The schedule, if the class can sample it: every step has noise, and the methods in Karras' sigma take its logarithm.
  private func sampleable(_ schedule: NoiseSchedule) throws(SchedulerConfigurationError) -> NoiseSchedule {
    let needsLogarithms = ![.ddpm, .ddim, .pndm].contains(schedulerClass)
    guard schedule.karrasSigma(at: 0) > 0, !needsLogarithms || schedule.karrasSigma(at: schedule.last).isFinite else {
      throw configuration.fault(
        "beta_schedule",
        what: "the betas leave a training step without noise or without signal, which \(schedulerClass.rawValue) "
          + "cannot sample; betas of 0.0001 to 0.02 are customary")
    }
    return schedule
  }

  /// The sampler and its grid.
  func build(_ schedule: NoiseSchedule) throws(SchedulerConfigurationError) -> Parts {
    switch schedulerClass {
    case .ddpm: try ddpm()
    case .ddim: try ddim()
    case .pndm: try pndm()
    case .dpmSolverMultistep: try dpmSolverMultistep(schedule)
    case .dpmSolverSinglestep: try dpmSolverSinglestep(schedule)
    case .uniPC: try uniPC()
    case .deis: try deis()
    case .heun: try heun()
    case .euler: try euler()
    case .eulerAncestral: (EulerAncestralSampler(), try explodingGrid())
    case .lms: (LMSSampler(), try explodingGrid())
    case .edmEuler: try edmEuler()
    case .edmMultistep: try edmMultistep()
    case .scoreVE: try scoreVE()
    case .consistency: try consistency()
    }
  }

  // MARK: Samplers that index the table

  private func ddpm() throws(SchedulerConfigurationError) -> Parts {
    let sampler = DDPMSampler(
      variance: try configuration.choice("variance_type", .fixedSmall), limit: try limit(clips: true))
    return (sampler, try trainingSteps(endsClean: true))
  }

  private func ddim() throws(SchedulerConfigurationError) -> Parts {
    guard options.eta >= 0 else {
      throw .init(source: nil, key: "eta", fault: "eta is \(options.eta); legal is 0 or more")
    }
    let sampler = DDIMSampler(
      eta: options.eta, limit: try limit(clips: true), usesLimitedNoise: options.usesLimitedNoise)
    let grid = try trainingSteps(endsClean: configuration.flag("set_alpha_to_one", true))
    return (sampler, options.usesGridSteps || grid.spacing == .quadratic ? grid : FixedStrideGrid(points: grid))
  }

  private func pndm() throws(SchedulerConfigurationError) -> Parts {
    let grid = PNDMGrid(
      try spacing(), offset: try offset(), skipsRungeKutta: try configuration.flag("skip_prk_steps", false),
      endsClean: try configuration.flag("set_alpha_to_one", false))
    return (PNDMSampler(), grid)
  }

  private func trainingSteps(endsClean: Bool) throws(SchedulerConfigurationError) -> TrainingStepGrid {
    TrainingStepGrid(try spacing(), offset: try offset(), endsClean: endsClean)
  }

  // MARK: Samplers in the logarithm of the signal-to-noise ratio

  private func dpmSolverMultistep(_ schedule: NoiseSchedule) throws(SchedulerConfigurationError) -> Parts {
    let algorithm = try algorithm(of: DPMSolverAlgorithm.allCases)
    let sampler = DPMSolverMultistepSampler(
      algorithm: algorithm, type: try solverType(),
      order: try configuration.integer("solver_order", 2, in: 1...3),
      lowersFinalOrder: try configuration.flag("lower_order_final", true),
      endsWithFirstOrder: try configuration.flag("euler_at_final", false), limit: try limit(clips: nil))
    var grid = try lambdaGrid()
    grid.end = try end(algorithm)
    grid.clippedSteps = try clippedSteps(schedule)
    let usesLambdas = try configuration.flag("use_lu_lambdas", false)
    if usesLambdas && !grid.shape.isKarras { grid.shape = .lambda }
    let isSquaredCosine = configuration.values["beta_schedule"] == .string("squaredcos_cap_v2")
    if (grid.shape.isKarras || grid.shape == .lambda) && !isSquaredCosine { grid.rounding = .nearest }
    return (sampler, grid)
  }

  private func dpmSolverSinglestep(_ schedule: NoiseSchedule) throws(SchedulerConfigurationError) -> Parts {
    let algorithm = try algorithm(of: [.noisePrediction, .dataPrediction, .stochasticDataPrediction])
    var grid = try lambdaGrid()
    // The class knows no spacing but this.
    grid.points = TrainingSigmaGrid(.linspace)
    grid.end = try end(algorithm)
    grid.clippedSteps = try clippedSteps(schedule)
    let sampler = DPMSolverSinglestepSampler(
      algorithm: algorithm, type: try solverType(), order: try configuration.integer("solver_order", 2, in: 1...3),
      lowersFinalOrder: try configuration.flag("lower_order_final", false), endsClean: grid.end == .clean,
      limit: try limit(clips: nil))
    return (sampler, grid)
  }

  private func uniPC() throws(SchedulerConfigurationError) -> Parts {
    guard configuration.values["solver_p"] ?? .null == .null else {
      throw configuration.fault(
        "solver_p", "is not supported; null is")
    }
    try refuseShiftTerminal()
    // The names of other multistep solvers mean the default, as in diffusers.
    let name = try configuration.choice("solver_type", "bh2", of: ["bh1", "bh2", "midpoint", "heun", "logrho"])
    let sampler = UniPCSampler(
      type: name == "bh1" ? .bh1 : .bh2, order: try configuration.integer("solver_order", 2, in: 1...6),
      predictsData: try configuration.flag("predict_x0", true),
      lowersFinalOrder: try configuration.flag("lower_order_final", true),
      uncorrectedSteps: Set(try configuration.integers("disable_corrector", in: -1...SamplerError.largestSteps) ?? []),
      limit: try limit(clips: nil))
    var grid = try lambdaGrid()
    grid.end = try end(.dataPrediction)
    if grid.end == .firstStep && grid.shape != .trainingSteps { grid.end = .last }
    (grid.smallest, grid.largest) = try (sigma("sigma_min"), sigma("sigma_max"))
    return (sampler, grid)
  }

  private func deis() throws(SchedulerConfigurationError) -> Parts {
    _ = try configuration.choice("algorithm_type", "deis", of: ["deis", "dpmsolver", "dpmsolver++"])
    _ = try configuration.choice("solver_type", "logrho", of: ["logrho", "midpoint", "heun", "bh1", "bh2"])
    let sampler = DEISSampler(
      order: try configuration.integer("solver_order", 2, in: 1...3),
      lowersFinalOrder: try configuration.flag("lower_order_final", true), limit: try limit(clips: nil))
    var grid = try lambdaGrid()
    grid.end = grid.shape == .trainingSteps ? .firstStep : .last
    return (sampler, grid)
  }

  /// What the multistep solvers share: the network sees whole training steps.
  private func lambdaGrid() throws(SchedulerConfigurationError) -> DiffusersSigmaGrid {
    try configuration.refuse("use_flow_sigmas", "use_dynamic_shifting")
    let shape = try shape()
    return DiffusersSigmaGrid(
      points: TrainingSigmaGrid(try spacing(), offset: try offset()), shape: shape,
      rounding: shape.isKarras && schedulerClass != .dpmSolverMultistep ? .nearest : .down)
  }

  func algorithm(of legal: [DPMSolverAlgorithm]) throws(SchedulerConfigurationError) -> DPMSolverAlgorithm {
    let name = try configuration.choice("algorithm_type", "dpmsolver++", of: legal.map(\.rawValue) + ["deis"])
    return DPMSolverAlgorithm(rawValue: name) ?? .dataPrediction
  }

  func solverType() throws(SchedulerConfigurationError) -> DPMSolverType {
    let name = try configuration.choice("solver_type", "midpoint", of: ["midpoint", "heun", "logrho", "bh1", "bh2"])
    return name == "heun" ? .heun : .midpoint
  }

  private func end(_ algorithm: DPMSolverAlgorithm) throws(SchedulerConfigurationError) -> DiffusersSigmaGrid.End {
    guard try configuration.choice("final_sigmas_type", "zero", of: ["zero", "sigma_min"]) == "zero" else {
      return .firstStep
    }
    guard algorithm.predictsData else {
      throw configuration.fault(
        "final_sigmas_type",
        "is \"zero\", which algorithm_type \"\(algorithm.rawValue)\" cannot "
          + "reach; \"sigma_min\" is legal")
    }
    return .clean
  }

  /// Training steps whose `log(alpha / sigma)` lies below `lambda_min_clipped`.
  private func clippedSteps(_ schedule: NoiseSchedule) throws(SchedulerConfigurationError) -> Int {
    let smallest = try configuration.number("lambda_min_clipped", -.infinity, in: -.infinity...1e6)
    let clipped = schedule.alphaBars.filter { alphaBar in
      let level = NoiseLevel(alphaBar: Double(alphaBar), timestep: 0)
      return level.lambda < smallest
    }.count
    guard clipped < schedule.count else {
      throw configuration.fault(
        "lambda_min_clipped", "is \(smallest), which leaves no training step")
    }
    return clipped
  }

  // MARK: Samplers in x / alpha

  private func heun() throws(SchedulerConfigurationError) -> Parts {
    let limit: DenoisedLimit =
      try configuration.flag("clip_sample", false)
      ? .clip(configuration.number("clip_sample_range", 1, in: Self.limits)) : .none
    return (HeunSampler(limit: limit, churn: options.churn), try explodingGrid())
  }

  private func euler() throws(SchedulerConfigurationError) -> Parts {
    var grid = try explodingGrid()
    if try configuration.choice("interpolation_type", "linear", of: ["linear", "log_linear"]) == "log_linear" {
      grid.shapesSpacedRange = false
      if grid.shape == .trainingSteps { grid.shape = .logarithmic }
    }
    if try configuration.choice("final_sigmas_type", "zero", of: ["zero", "sigma_min"]) == "sigma_min" {
      grid.end = .firstStep
    }
    let isContinuous =
      try configuration.choice("timestep_type", "discrete", of: ["discrete", "continuous"]) == "continuous"
    let predictionType = try configuration.choice("prediction_type", PredictionType.epsilon)
    grid.conditionsOnLogarithm = isContinuous && predictionType == .velocity
    (grid.smallest, grid.largest) = try (sigma("sigma_min"), sigma("sigma_max"))
    return (EulerSampler(churn: options.churn), grid)
  }

  private func explodingGrid() throws(SchedulerConfigurationError) -> DiffusersSigmaGrid {
    DiffusersSigmaGrid(
      points: TrainingSigmaGrid(try spacing(), offset: try offset(), points: .inclusive),
      shape: schedulerClass == .eulerAncestral ? .trainingSteps : try shape(), shapesSpacedRange: true,
      isVarianceExploding: true)
  }

  // MARK: Keys that several classes share

  private func spacing() throws(SchedulerConfigurationError) -> TimestepSpacing {
    let legal = schedulerClass.spacings.map(\.rawValue)
    let name = try configuration.choice("timestep_spacing", schedulerClass.defaultSpacing.rawValue, of: legal)
    return TimestepSpacing(rawValue: name) ?? schedulerClass.defaultSpacing
  }

  private func offset() throws(SchedulerConfigurationError) -> Int {
    try configuration.integer("steps_offset", 0, in: 0...NoiseSchedule.largestCount)
  }

  private func sigma(_ key: String) throws(SchedulerConfigurationError) -> Double? {
    try configuration.optionalNumber(key, in: Self.sigmas)
  }

  private func shape() throws(SchedulerConfigurationError) -> DiffusersSigmaGrid.Shape {
    let keys: [(String, DiffusersSigmaGrid.Shape)] = [
      ("use_karras_sigmas", .ramp(.karras(rho: 7))), ("use_exponential_sigmas", .ramp(.exponential)),
      ("use_beta_sigmas", .ramp(.beta(alpha: 0.6, beta: 0.6))),
    ]
    var chosen: [(String, DiffusersSigmaGrid.Shape)] = []
    for key in keys where try configuration.flag(key.0, false) { chosen.append(key) }
    guard chosen.count < 2 else {
      throw configuration.fault(chosen.map(\.0).joined(separator: " and "), "are true; one may be")
    }
    return chosen.first?.1 ?? .trainingSteps
  }

  /// The limit of estimates of clean data whatever samples the model: DDPM clips by default, models of unscaled data do not.
  func dataLimit() throws(SchedulerConfigurationError) -> DenoisedLimit {
    try limit(clips: schedulerClass.isVarianceExploding ? false : [.ddpm, .ddim].contains(schedulerClass))
  }

  func limit(clips fallback: Bool?) throws(SchedulerConfigurationError) -> DenoisedLimit {
    if try configuration.flag("thresholding", false) {
      return .dynamic(
        ratio: try configuration.number("dynamic_thresholding_ratio", 0.995, in: 0...1),
        maximum: try configuration.number("sample_max_value", 1, in: Self.limits))
    }
    guard let fallback else { return .none }
    guard try configuration.flag("clip_sample", fallback) else { return .none }
    return .clip(try configuration.number("clip_sample_range", 1, in: Self.limits))
  }

  private func refuseShiftTerminal() throws(SchedulerConfigurationError) {
    guard configuration.values["shift_terminal"] ?? .null == .null else {
      throw configuration.fault(
        "shift_terminal", "is not supported; null is")
    }
  }
}
