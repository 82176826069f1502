public import Diffusion
import Files

extension SamplerName {
  /// The scheduler of diffusers behind the name, or nil where it has none for models of scaled data.
  var schedulerClass: SchedulerClass? {
    switch self {
    case .ddpm: .ddpm
    case .ddim: .ddim
    case .pndm: .pndm
    case .dpmMultistep2, .dpmMultistep3, .dpmStochastic2: .dpmSolverMultistep
    case .dpmSinglestep2, .dpmSinglestep3: .dpmSolverSinglestep
    case .uniPC: .uniPC
    case .deis: .deis
    case .heun: .heun
    case .euler: .euler
    case .eulerAncestral: .eulerAncestral
    case .lms: .lms
    case .predictorCorrector: nil
    }
  }

  /// What the name says beyond the class.
  private var settings: [String: JSONValue] {
    switch self {
    case .dpmMultistep2, .dpmSinglestep2: ["solver_order": .number(2)]
    case .dpmMultistep3, .dpmSinglestep3: ["solver_order": .number(3)]
    case .dpmStochastic2: ["solver_order": .number(2), "algorithm_type": .string("sde-dpmsolver++")]
    default: [:]
    }
  }

  /// This sampler with the schedule that a model was trained with.
  ///
  /// From the model's own configuration come what is a property of the model (training steps, betas, the kind of
  /// prediction, the range of the data, learned variances); everything else takes the sampler's own defaults, unless the
  /// model's scheduler is of the same class, whose configuration then holds as a whole. On models of unscaled data, for which
  /// diffusers has few samplers, the configuration stays the model's, and our own key `sampler` names the sampler.
  public func configuration(
    for model: SchedulerConfiguration
  ) throws(SchedulerConfigurationError) -> SchedulerConfiguration {
    let modelClass = try model.schedulerClass()
    var values = model.values
    guard let schedulerClass, !modelClass.isVarianceExploding else {
      // The model's own number of steps is that of its own sampler.
      if model.sampler != rawValue { values["steps"] = nil }
      values["sampler"] = .string(rawValue)
      return SchedulerConfiguration(values, source: model.source)
    }
    values["sampler"] = nil
    if modelClass != schedulerClass {
      let facts = Set(Self.modelKeys)
      values = values.filter { facts.contains($0.key) }
      let betas = modelClass.defaultBetas
      for (key, value) in [("beta_start", betas.start), ("beta_end", betas.end)] where values[key] ?? .null == .null {
        values[key] = .number(value)
      }
      let rescales = try model.flag("rescale_betas_zero_snr", false) ? modelClass.terminalAlphaBar != nil : false
      if !rescales {
        values["rescale_betas_zero_snr"] = nil
      } else if schedulerClass.terminalAlphaBar == nil {
        throw model.fault(
          "rescale_betas_zero_snr",
          "is true, which \(rawValue) cannot sample; ddpm, ddim, dpm++, unipc, euler and euler-ancestral can")
      }
    }
    values["_class_name"] = .string(schedulerClass.rawValue)
    return SchedulerConfiguration(values.merging(settings) { $1 }, source: model.source)
  }

  /// The keys that describe a model of scaled data, not a way to sample from it.
  private static let modelKeys = [
    "num_train_timesteps", "beta_start", "beta_end", "beta_schedule", "trained_betas", "prediction_type",
    "rescale_betas_zero_snr", "clip_sample", "clip_sample_range", "thresholding", "dynamic_thresholding_ratio",
    "sample_max_value",
  ]
}

extension SchedulerConfiguration {
  /// The keys that describe a network of unscaled data and diffusers does not know; see `SchedulerBuilder`.
  private static let networkKeys = [
    "preconditioning", "time_scale", "centered", "beta_d", "beta_min", "epsilon_t", "C_1", "C_2", "M",
  ]

  /// The sampler that our own key names, if it does.
  package var sampler: String? { values["sampler"]?.string }

  /// The steps of a run where none are asked for: those of our own key `steps`, or else what the class's authors take, as many as in
  /// training from score-SDE models and one from consistency models; nil where the class has no custom.
  package func customarySteps() throws(SchedulerConfigurationError) -> Int? {
    let legal = 1...SamplerError.largestSteps
    if values["steps"] ?? .null != .null { return try integer("steps", 1, in: legal) }
    guard sampler == nil else { return nil }
    let schedulerClass = try schedulerClass()
    return switch schedulerClass {
    case .scoreVE: try integer("num_train_timesteps", schedulerClass.defaultSteps, in: legal)
    case .consistency: 1
    default: nil
    }
  }

  /// This configuration for a model that was trained with another, whose network's keys it takes where it has none.
  ///
  /// - Throws: One line if one of them is for models of unscaled data and the other is not.
  package func filled(from model: SchedulerConfiguration) throws(SchedulerConfigurationError) -> Self {
    let (ours, theirs) = (try schedulerClass(), try model.schedulerClass())
    guard ours.isVarianceExploding == theirs.isVarianceExploding,
      (ours == .consistency) == (theirs == .consistency), (ours == .scoreVE) == (theirs == .scoreVE)
    else {
      throw fault(
        "_class_name",
        what:
          "\(ours.rawValue) cannot sample a network that was trained for \(theirs.rawValue), which is given other inputs"
      )
    }
    guard ours.isVarianceExploding else { return self }
    let known = model.values.filter { Self.networkKeys.contains($0.key) }
    return .init(values.merging(known) { own, _ in own }, source: source)
  }
}
