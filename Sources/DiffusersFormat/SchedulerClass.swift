import Diffusion

/// The schedulers of diffusers that are built.
enum SchedulerClass: String, CaseIterable, Sendable {
  case ddpm = "DDPMScheduler"
  case ddim = "DDIMScheduler"
  case pndm = "PNDMScheduler"
  case dpmSolverMultistep = "DPMSolverMultistepScheduler"
  case dpmSolverSinglestep = "DPMSolverSinglestepScheduler"
  case uniPC = "UniPCMultistepScheduler"
  case deis = "DEISMultistepScheduler"
  case heun = "HeunDiscreteScheduler"
  case euler = "EulerDiscreteScheduler"
  case eulerAncestral = "EulerAncestralDiscreteScheduler"
  case lms = "LMSDiscreteScheduler"
  case edmEuler = "EDMEulerScheduler"
  case edmMultistep = "EDMDPMSolverMultistepScheduler"
  case scoreVE = "ScoreSdeVeScheduler"
  case consistency = "CMStochasticIterativeScheduler"

  /// Whether the class is for models of unscaled data, whose schedule is one of sigmas.
  var isVarianceExploding: Bool {
    switch self {
    case .edmEuler, .edmMultistep, .scoreVE, .consistency: true
    default: false
    }
  }

  /// Training steps where a configuration does not say.
  var defaultSteps: Int {
    switch self {
    case .scoreVE: 2000
    case .consistency: 40
    default: 1000
    }
  }

  /// The betas at both ends where a configuration does not say.
  var defaultBetas: (start: Double, end: Double) { self == .heun ? (0.00085, 0.012) : (0.0001, 0.02) }

  /// Whether the class knows `rescale_betas_zero_snr`, and what it then puts at the last step.
  var terminalAlphaBar: Float?? {
    switch self {
    case .ddpm, .ddim: .some(nil)
    case .dpmSolverMultistep, .uniPC, .euler, .eulerAncestral: .some(.some(0x1p-24))
    default: nil
    }
  }

  /// The spacing where a configuration does not say.
  var defaultSpacing: TimestepSpacing {
    switch self {
    case .ddpm, .ddim, .pndm: .leading
    default: .linspace
    }
  }

  /// The spacings that a configuration may name; quadratic ones are no part of diffusers.
  var spacings: [TimestepSpacing] {
    switch self {
    case .ddpm, .ddim: TimestepSpacing.allCases
    default: [.linspace, .leading, .trailing]
    }
  }
}
