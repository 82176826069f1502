/// The short names of samplers.
public enum SamplerName: String, Sendable, Hashable, CaseIterable {
  /// Ancestral sampling of the training chain (Ho, Jain and Abbeel 2020).
  case ddpm
  /// The implicit sampler (Song, Meng and Ermon 2021).
  case ddim
  /// Pseudo linear multistep steps after Runge-Kutta ones (Liu and others 2022).
  case pndm
  /// DPM-Solver++ of second order over several steps (Lu and others 2022).
  case dpmMultistep2 = "dpm++2m"
  /// DPM-Solver++ of third order over several steps.
  case dpmMultistep3 = "dpm++3m"
  /// DPM-Solver++ of second order within groups of steps.
  case dpmSinglestep2 = "dpm++2s"
  /// DPM-Solver++ of third order within groups of steps.
  case dpmSinglestep3 = "dpm++3s"
  /// The stochastic DPM-Solver++ of second order over several steps.
  case dpmStochastic2 = "dpm++2m-sde"
  /// The unified predictor and corrector (Zhao and others 2023).
  case uniPC = "unipc"
  /// Exponential integration in log-rho (Zhang and Chen 2023).
  case deis
  /// Heun's method (Karras and others 2022).
  case heun
  /// Euler's method.
  case euler
  /// Euler steps with fresh noise.
  case eulerAncestral = "euler-ancestral"
  /// Adams and Bashforth's method.
  case lms
  /// Reverse diffusion and Langevin's dynamics in turn (Song and others 2021).
  case predictorCorrector = "pc"

  /// What Raya and Ambrogioni (2023) call DDPM at few steps, which is no sampler of its own: ``ddim`` with eta 1.
  public static let paperDDPM = "ddpm-paper"

  /// The sampler of a name in any case; `dpm++` is `dpm++2m`.
  public init(_ name: String) throws(SamplerError) {
    let lowered = name.lowercased()
    guard let result = lowered == "dpm++" ? .dpmMultistep2 : Self(rawValue: lowered) else {
      throw .unknownSampler(name)
    }
    self = result
  }

  /// Whether a run may begin where nothing of the data is left, as at the last step of a schedule rescaled to zero signal.
  var beginsWithoutSignal: Bool {
    switch self {
    case .ddpm, .ddim, .dpmMultistep2, .dpmMultistep3, .dpmStochastic2, .uniPC, .euler, .eulerAncestral: true
    case .pndm, .dpmSinglestep2, .dpmSinglestep3, .deis, .heun, .lms, .predictorCorrector: false
    }
  }
}
