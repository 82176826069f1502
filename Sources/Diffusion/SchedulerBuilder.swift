/// Turns a configuration into a schedule, a sampler and a grid.
struct SchedulerBuilder {
  let configuration: SchedulerConfiguration
  let schedulerClass: SchedulerClass
  let options: SchedulerOptions

  typealias Parts = (any Sampler, any SamplingGrid)

  /// The noise levels of the training steps.
  func schedule() throws(SamplerError) -> NoiseSchedule {
    let count = try configuration.integer("num_train_timesteps", 1000, in: 1...Int.max)
    let defaults = schedulerClass.defaultBetas
    let (start, end) = (
      try configuration.number("beta_start", defaults.start), try configuration.number("beta_end", defaults.end)
    )
    let betas: BetaSchedule
    if let table = try configuration.numbers("trained_betas") {
      guard table.count == count else {
        throw SamplerError(
          "\(configuration.source): trained_betas holds \(table.count) numbers for num_train_timesteps \(count)")
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
      throw SamplerError(
        "\(configuration.source): the betas (beta_start \(start), beta_end \(end)) are not all between 0 and 1")
    }
    let rescales = try configuration.flag("rescale_betas_zero_snr", false)
    let terminalAlphaBar = schedulerClass.terminalAlphaBar
    return NoiseSchedule(
      betas, count: count, rescalesToZeroSignal: rescales && terminalAlphaBar != nil,
      terminalAlphaBar: terminalAlphaBar ?? nil)
  }

  /// The sampler and its grid.
  func build(_ schedule: NoiseSchedule) throws(SamplerError) -> Parts {
    switch schedulerClass {
    case .ddpm: try ddpm(schedule)
    case .ddim: try ddim(schedule)
    case .pndm: try pndm(schedule)
    case .dpmSolverMultistep: try dpmSolverMultistep(schedule)
    case .dpmSolverSinglestep: try dpmSolverSinglestep(schedule)
    case .uniPC: try uniPC(schedule)
    case .deis: try deis(schedule)
    case .heun: try heun(schedule)
    case .euler: try euler(schedule)
    case .eulerAncestral: (EulerAncestralSampler(), try explodingGrid(schedule))
    case .lms: (LMSSampler(), try explodingGrid(schedule))
    }
  }

  // MARK: Samplers that index the table

  private func ddpm(_ schedule: NoiseSchedule) throws(SamplerError) -> Parts {
    let sampler = DDPMSampler(
      variance: try configuration.choice("variance_type", .fixedSmall), limit: try limit(clips: true))
    return (sampler, DiscreteGrid(points: try trainingSteps(schedule), usesFixedStride: false, end: .clean))
  }

  private func ddim(_ schedule: NoiseSchedule) throws(SamplerError) -> Parts {
    guard options.eta >= 0 else { throw SamplerError("eta is \(options.eta); legal is 0 or more") }
    let sampler = DDIMSampler(
      eta: options.eta, limit: try limit(clips: true), usesLimitedNoise: options.usesLimitedNoise)
    let points = try trainingSteps(schedule)
    let end = try configuration.flag("set_alpha_to_one", true) ? .clean : schedule.level(at: 0)
    return (
      sampler,
      DiscreteGrid(
        points: points, usesFixedStride: !options.usesGridSteps && points.spacing != .quadratic, end: end)
    )
  }

  private func pndm(_ schedule: NoiseSchedule) throws(SamplerError) -> Parts {
    let end = try configuration.flag("set_alpha_to_one", false) ? .clean : schedule.level(at: 0)
    let grid = PNDMGrid(
      points: try trainingSteps(schedule), skipsRungeKutta: try configuration.flag("skip_prk_steps", false), end: end)
    return (PNDMSampler(), grid)
  }

  private func trainingSteps(_ schedule: NoiseSchedule) throws(SamplerError) -> TrainingStepGrid {
    TrainingStepGrid(schedule: schedule, spacing: try spacing(), offset: try offset())
  }

  // MARK: Samplers in the logarithm of the signal-to-noise ratio

  private func dpmSolverMultistep(_ schedule: NoiseSchedule) throws(SamplerError) -> Parts {
    let algorithm = try algorithm(of: DPMSolverAlgorithm.allCases)
    let sampler = DPMSolverMultistepSampler(
      algorithm: algorithm, type: try solverType(),
      order: try configuration.integer("solver_order", 2, in: 1...3),
      lowersFinalOrder: try configuration.flag("lower_order_final", true),
      endsWithFirstOrder: try configuration.flag("euler_at_final", false), limit: try limit(clips: nil))
    var grid = try lambdaGrid(schedule)
    grid.end = try end(algorithm)
    grid.clippedSteps = try clippedSteps(schedule)
    let usesLambdas = try configuration.flag("use_lu_lambdas", false)
    if usesLambdas && grid.shape != .karras { grid.shape = .lambda }
    let isSquaredCosine = configuration.values["beta_schedule"] == .string("squaredcos_cap_v2")
    if (grid.shape == .karras || grid.shape == .lambda) && !isSquaredCosine { grid.rounding = .nearest }
    return (sampler, grid)
  }

  private func dpmSolverSinglestep(_ schedule: NoiseSchedule) throws(SamplerError) -> Parts {
    let algorithm = try algorithm(of: [.noisePrediction, .dataPrediction, .stochasticDataPrediction])
    var grid = try lambdaGrid(schedule)
    // The class knows no spacing but this.
    (grid.spacing, grid.offset) = (.linspace, 0)
    grid.end = try end(algorithm)
    grid.clippedSteps = try clippedSteps(schedule)
    let sampler = DPMSolverSinglestepSampler(
      algorithm: algorithm, type: try solverType(), order: try configuration.integer("solver_order", 2, in: 1...3),
      lowersFinalOrder: try configuration.flag("lower_order_final", false), endsClean: grid.end == .clean,
      limit: try limit(clips: nil))
    return (sampler, grid)
  }

  private func uniPC(_ schedule: NoiseSchedule) throws(SamplerError) -> Parts {
    guard configuration.values["solver_p"] ?? .null == .null else {
      throw SamplerError("\(configuration.source): solver_p is not supported; null is")
    }
    try refuseShiftTerminal()
    // The names of other multistep solvers mean the default, as in diffusers.
    let name = try configuration.choice("solver_type", "bh2", of: ["bh1", "bh2", "midpoint", "heun", "logrho"])
    let sampler = UniPCSampler(
      type: name == "bh1" ? .bh1 : .bh2, order: try configuration.integer("solver_order", 2, in: 1...6),
      predictsData: try configuration.flag("predict_x0", true),
      lowersFinalOrder: try configuration.flag("lower_order_final", true),
      uncorrectedSteps: Set(try configuration.numbers("disable_corrector")?.map { Int($0) } ?? []),
      limit: try limit(clips: nil))
    var grid = try lambdaGrid(schedule)
    grid.end = try end(.dataPrediction)
    if grid.end == .firstStep && grid.shape != .trainingSteps { grid.end = .last }
    (grid.smallest, grid.largest) = try (ratio("sigma_min"), ratio("sigma_max"))
    return (sampler, grid)
  }

  private func deis(_ schedule: NoiseSchedule) throws(SamplerError) -> Parts {
    _ = try configuration.choice("algorithm_type", "deis", of: ["deis", "dpmsolver", "dpmsolver++"])
    _ = try configuration.choice("solver_type", "logrho", of: ["logrho", "midpoint", "heun", "bh1", "bh2"])
    let sampler = DEISSampler(
      order: try configuration.integer("solver_order", 2, in: 1...3),
      lowersFinalOrder: try configuration.flag("lower_order_final", true), limit: try limit(clips: nil))
    var grid = try lambdaGrid(schedule)
    grid.end = grid.shape == .trainingSteps ? .firstStep : .last
    return (sampler, grid)
  }

  /// What the multistep solvers share: the network sees whole training steps.
  private func lambdaGrid(_ schedule: NoiseSchedule) throws(SamplerError) -> RatioGrid {
    try configuration.refuse("use_flow_sigmas", "use_dynamic_shifting")
    let shape = try shape()
    return RatioGrid(
      schedule: schedule, spacing: try spacing(), offset: try offset(), shape: shape,
      rounding: shape == .karras && schedulerClass != .dpmSolverMultistep ? .nearest : .down)
  }

  private func algorithm(of legal: [DPMSolverAlgorithm]) throws(SamplerError) -> DPMSolverAlgorithm {
    let name = try configuration.choice("algorithm_type", "dpmsolver++", of: legal.map(\.rawValue) + ["deis"])
    return DPMSolverAlgorithm(rawValue: name) ?? .dataPrediction
  }

  private func solverType() throws(SamplerError) -> DPMSolverType {
    let name = try configuration.choice("solver_type", "midpoint", of: ["midpoint", "heun", "logrho", "bh1", "bh2"])
    return name == "heun" ? .heun : .midpoint
  }

  private func end(_ algorithm: DPMSolverAlgorithm) throws(SamplerError) -> RatioGrid.End {
    guard try configuration.choice("final_sigmas_type", "zero", of: ["zero", "sigma_min"]) == "zero" else {
      return .firstStep
    }
    guard algorithm.predictsData else {
      throw SamplerError(
        "\(configuration.source): final_sigmas_type is \"zero\", which algorithm_type \"\(algorithm.rawValue)\" cannot "
          + "reach; \"sigma_min\" is legal")
    }
    return .clean
  }

  /// Training steps whose `log(alpha / sigma)` lies below `lambda_min_clipped`.
  private func clippedSteps(_ schedule: NoiseSchedule) throws(SamplerError) -> Int {
    let smallest = try configuration.number("lambda_min_clipped", -.infinity)
    let clipped = schedule.alphaBars.filter { alphaBar in
      let level = NoiseLevel(alphaBar: Double(alphaBar), timestep: 0)
      return level.lambda < smallest
    }.count
    guard clipped < schedule.count else {
      throw SamplerError("\(configuration.source): lambda_min_clipped is \(smallest), which leaves no training step")
    }
    return clipped
  }

  // MARK: Samplers in x / alpha

  private func heun(_ schedule: NoiseSchedule) throws(SamplerError) -> Parts {
    let limit: DenoisedLimit =
      try configuration.flag("clip_sample", false) ? .clip(configuration.number("clip_sample_range", 1)) : .none
    return (HeunSampler(limit: limit), try explodingGrid(schedule))
  }

  private func euler(_ schedule: NoiseSchedule) throws(SamplerError) -> Parts {
    var grid = try explodingGrid(schedule)
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
    (grid.smallest, grid.largest) = try (ratio("sigma_min"), ratio("sigma_max"))
    return (EulerSampler(), grid)
  }

  private func explodingGrid(_ schedule: NoiseSchedule) throws(SamplerError) -> RatioGrid {
    RatioGrid(
      schedule: schedule, spacing: try spacing(), offset: try offset(), points: .inclusive,
      shape: schedulerClass == .eulerAncestral ? .trainingSteps : try shape(), shapesSpacedRange: true,
      isVarianceExploding: true)
  }

  // MARK: Keys that several classes share

  private func spacing() throws(SamplerError) -> TimestepSpacing {
    let legal = schedulerClass.spacings.map(\.rawValue)
    let name = try configuration.choice("timestep_spacing", schedulerClass.defaultSpacing.rawValue, of: legal)
    return TimestepSpacing(rawValue: name) ?? schedulerClass.defaultSpacing
  }

  private func offset() throws(SamplerError) -> Int {
    try configuration.integer("steps_offset", 0, in: 0...Int.max)
  }

  private func ratio(_ key: String) throws(SamplerError) -> Double? {
    guard let value = try configuration.optionalNumber(key) else { return nil }
    guard value > 0 else { throw SamplerError("\(configuration.source): \(key) is \(value); legal is more than 0") }
    return value
  }

  private func shape() throws(SamplerError) -> RatioGrid.Shape {
    let keys: [(String, RatioGrid.Shape)] = [
      ("use_karras_sigmas", .karras), ("use_exponential_sigmas", .exponential), ("use_beta_sigmas", .beta),
    ]
    var chosen: [(String, RatioGrid.Shape)] = []
    for key in keys where try configuration.flag(key.0, false) { chosen.append(key) }
    guard chosen.count < 2 else {
      throw SamplerError("\(configuration.source): \(chosen.map(\.0).joined(separator: " and ")) are true; one may be")
    }
    return chosen.first?.1 ?? .trainingSteps
  }

  private func limit(clips fallback: Bool?) throws(SamplerError) -> DenoisedLimit {
    if try configuration.flag("thresholding", false) {
      let ratio = try configuration.number("dynamic_thresholding_ratio", 0.995)
      guard (0...1).contains(ratio) else {
        throw SamplerError("\(configuration.source): dynamic_thresholding_ratio is \(ratio); legal is 0 to 1")
      }
      return .dynamic(ratio: ratio, maximum: try configuration.number("sample_max_value", 1))
    }
    guard let fallback else { return .none }
    guard try configuration.flag("clip_sample", fallback) else { return .none }
    return .clip(try configuration.number("clip_sample_range", 1))
  }

  private func refuseShiftTerminal() throws(SamplerError) {
    guard try configuration.optionalNumber("shift_terminal") == nil else {
      throw SamplerError("\(configuration.source): shift_terminal is not supported; null is")
    }
  }
}
