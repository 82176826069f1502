import Diffusion
import Files

/// The schedulers of models of unscaled data, whose schedule is one of sigmas.
///
/// Besides the keys of diffusers they know some of ours, which diffusers ignores: `preconditioning` with the wrapper of the network
/// (`edm`, `vp`, `ve`, `iddpm`) and its constants, `time_scale`, `centered`, `predictor` and `norms`.
extension SchedulerBuilder {
  /// Karras' sigmas, whose squares are within 32 bits.
  private static let sigmas = 1e-6...1e6
  /// Constants of preconditionings.
  private static let constants = 1e-9...1e3

  /// The noise levels of the training steps, in the scale of data in -1...1.
  func sigmaSchedule() throws(SchedulerConfigurationError) -> NoiseSchedule {
    let count = try configuration.integer(
      "num_train_timesteps", schedulerClass.defaultSteps, in: 1...NoiseSchedule.largestCount)
    let defaults = try defaultSigmas()
    let low = try configuration.number("sigma_min", defaults.low, in: Self.sigmas)
    let high = try configuration.number("sigma_max", defaults.high, in: Self.sigmas)
    guard low < high else {
      throw configuration.fault("sigma_min", "is \(low), which is not below sigma_max \(high)")
    }
    if case .preconditioned(let preconditioning) = try parametrization(),
      case .improved(let sigmas) = preconditioning.form
    {
      return try discreteSchedule(sigmas, from: low, to: high)
    }
    // Data in 0...1 are half as far apart, and so are their sigmas.
    let scale: Double = try hasUnitRange() ? 2 : 1
    let ramp = try ramp()
    let table = Array(ramp.sigmas(from: high * scale, to: low * scale, count: count).reversed())
    guard table[0] > 0, zip(table, table.dropFirst()).allSatisfy(<) else {
      throw configuration.fault("sigma_min", "\(low) and sigma_max \(high) are too close for \(count) training steps")
    }
    return NoiseSchedule(karrasSigmas: table, ramp: ramp)
  }

  /// The training steps of a network that knows no sigmas between, as far as a run may go.
  private func discreteSchedule(
    _ sigmas: [Double], from low: Double, to high: Double
  ) throws(SchedulerConfigurationError) -> NoiseSchedule {
    // What is nearest to an end counts as that end.
    let first = sigmas.lastIndex { $0 <= low * (1 + 1e-9) } ?? 0
    let last = sigmas.firstIndex { $0 >= high * (1 - 1e-9) } ?? sigmas.count - 1
    guard first < last else {
      throw configuration.fault("sigma_min", "\(low) and sigma_max \(high) leave no training steps between")
    }
    return NoiseSchedule(karrasSigmas: Array(sigmas[first...last]), ramp: try ramp(), isDiscrete: true)
  }

  /// How the schedule's sigmas are spread.
  private func ramp() throws(SchedulerConfigurationError) -> SigmaRamp {
    if schedulerClass == .scoreVE { return .exponential }
    let rho = SigmaRamp.karras(rho: try configuration.number("rho", 7, in: 0.1...100))
    if schedulerClass == .consistency { return rho }
    return try configuration.choice("sigma_schedule", "karras", of: ["karras", "exponential"]) == "karras"
      ? rho : .exponential
  }

  /// The sigmas at both ends where a configuration does not say: those of Karras and others (2022) within the network's own.
  private func defaultSigmas() throws(SchedulerConfigurationError) -> (low: Double, high: Double) {
    if schedulerClass == .scoreVE { return (0.01, 1348) }
    guard case .preconditioned(let preconditioning) = try parametrization() else { return (0.002, 80) }
    let own: (low: Double, high: Double)
    switch preconditioning.form {
    case .variancePreserving(let betaD, let betaMin, _):
      let first = try configuration.number("epsilon_t", 1e-5, in: Self.constants)
      let sigma = { Preconditioning.preservingSigma(at: $0, betaD: betaD, betaMin: betaMin) }
      own = (sigma(first), sigma(1))
    case .varianceExploding: own = (0.02, 100)
    case .improved(let sigmas): own = (sigmas[0], sigmas[sigmas.count - 1])
    case .edm, .consistency, .score: own = (0, .infinity)
    }
    return (max(0.002, own.low), min(80, own.high))
  }

  /// What the network is given and what it returns.
  func parametrization() throws(SchedulerConfigurationError) -> Parametrization {
    guard schedulerClass.isVarianceExploding else {
      return .predicts(try configuration.choice("prediction_type", .epsilon))
    }
    return .preconditioned(try preconditioning())
  }

  private func preconditioning() throws(SchedulerConfigurationError) -> Preconditioning {
    let deviation = try configuration.number("sigma_data", 0.5, in: Self.sigmas)
    switch schedulerClass {
    case .scoreVE: return Preconditioning(.score(isUnitRange: try hasUnitRange()))
    case .consistency:
      let smallest = try configuration.number("sigma_min", 0.002, in: Self.sigmas)
      return Preconditioning(
        .consistency(dataDeviation: deviation, smallestSigma: smallest), timeScale: try timeScale(250))
    default: break
    }
    let steps = { () throws(SchedulerConfigurationError) in
      try configuration.integer("M", 1000, in: 2...NoiseSchedule.largestCount)
    }
    switch try configuration.choice("preconditioning", "edm", of: ["edm", "vp", "ve", "iddpm"]) {
    case "vp":
      return Preconditioning(
        .variancePreserving(
          betaD: try configuration.number("beta_d", 19.9, in: Self.constants),
          betaMin: try configuration.number("beta_min", 0.1, in: Self.constants), steps: try steps()))
    case "ve": return Preconditioning(.varianceExploding)
    case "iddpm":
      let sigmas = Preconditioning.improvedSigmas(
        c1: try configuration.number("C_1", 0.001, in: 1e-6...1),
        c2: try configuration.number("C_2", 0.008, in: 0...1), steps: try steps())
      guard sigmas[0] > 0, sigmas.allSatisfy(\.isFinite), zip(sigmas, sigmas.dropFirst()).allSatisfy(<) else {
        throw configuration.fault(
          "C_1", what: "the sigmas of C_1, C_2 and M do not rise; 0.001, 0.008 and 1000 are customary")
      }
      return Preconditioning(.improved(sigmas: sigmas))
    default:
      let type = try configuration.choice("prediction_type", "epsilon", of: ["epsilon", "v_prediction"])
      return Preconditioning(
        .edm(dataDeviation: deviation, negatesOutput: type == "v_prediction"), timeScale: try timeScale(0.25))
    }
  }

  private func timeScale(_ fallback: Double) throws(SchedulerConfigurationError) -> Double {
    try configuration.number("time_scale", fallback, in: 1e-6...1e6)
  }

  /// Whether the network's data are in 0...1, as those of score_sde are unless their configuration says `centered`.
  private func hasUnitRange() throws(SchedulerConfigurationError) -> Bool {
    guard schedulerClass == .scoreVE else { return false }
    return try !configuration.flag("centered", false)
  }

  /// The sampler of `EDMEulerScheduler`.
  func edmEuler() throws(SchedulerConfigurationError) -> Parts {
    (EulerSampler(churn: options.churn), try edmGrid())
  }

  /// The sampler of `EDMDPMSolverMultistepScheduler`.
  func edmMultistep() throws(SchedulerConfigurationError) -> Parts {
    let algorithm = try algorithm(of: [.dataPrediction, .stochasticDataPrediction])
    let sampler = DPMSolverMultistepSampler(
      algorithm: algorithm, type: try solverType(), order: try configuration.integer("solver_order", 2, in: 1...3),
      lowersFinalOrder: try configuration.flag("lower_order_final", true),
      endsWithFirstOrder: try configuration.flag("euler_at_final", false), limit: try limit(clips: nil))
    return (sampler, try edmGrid())
  }

  private func edmGrid() throws(SchedulerConfigurationError) -> EDMGrid {
    let end = try configuration.choice("final_sigmas_type", "zero", of: ["zero", "sigma_min"])
    return EDMGrid(ramp: try ramp(), endsClean: end == "zero")
  }

  /// The sampler of `ScoreSdeVeScheduler`.
  func scoreVE() throws(SchedulerConfigurationError) -> Parts {
    let sampler = PredictorCorrectorSampler(
      predictor: try configuration.choice("predictor", .reverseDiffusion),
      corrections: try configuration.integer("correct_steps", 1, in: 0...100),
      signalToNoise: try configuration.number("snr", 0.15, in: 1e-6...10),
      norms: try configuration.choice("norms", .sample))
    return (sampler, ScoreGrid(lastTime: try configuration.number("sampling_eps", 1e-5, in: 0...1)))
  }

  /// The sampler of `CMStochasticIterativeScheduler`.
  func consistency() throws(SchedulerConfigurationError) -> Parts {
    let sampler = ConsistencySampler(
      smallestSigma: try configuration.number("sigma_min", 0.002, in: Self.sigmas),
      noise: try configuration.number("s_noise", 1, in: 0...10),
      limit: try configuration.flag("clip_denoised", true) ? .clip(1) : .none)
    return (sampler, ConsistencyGrid())
  }
}
