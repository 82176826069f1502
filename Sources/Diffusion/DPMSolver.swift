import Foundation

/// What the family of DPM-Solvers integrates, and how.
public enum DPMSolverAlgorithm: String, Sendable, Hashable, CaseIterable {
  /// The flow, with the noise as the slowly varying part (Lu and others 2022).
  case noisePrediction = "dpmsolver"
  /// The flow, with the clean data as the slowly varying part (Lu and others 2022, DPM-Solver++).
  case dataPrediction = "dpmsolver++"
  /// The reverse diffusion, with the noise as the slowly varying part.
  case stochasticNoisePrediction = "sde-dpmsolver"
  /// The reverse diffusion, with the clean data as the slowly varying part.
  case stochasticDataPrediction = "sde-dpmsolver++"

  /// Whether noise is added in each step.
  public var isStochastic: Bool { self == .stochasticNoisePrediction || self == .stochasticDataPrediction }
  /// Whether estimates of the clean data are combined, rather than of the noise.
  public var predictsData: Bool { self == .dataPrediction || self == .stochasticDataPrediction }
}

/// How a DPM-Solver turns differences into derivatives.
public enum DPMSolverType: String, Sendable, Hashable, CaseIterable {
  /// The first-order factor for the first derivative.
  case midpoint
  /// The exact integral of a linear function.
  case heun
}

/// The factors of one exponential step: of the state, of the slowly varying part's value and scaled derivatives, and of noise.
///
/// With `h = lambda' - lambda`, `H = h` (`2 h` for the stochastic methods) and `e = 1 - exp(-H)`, a data prediction gives
///
/// ```
/// x' = sigma' / sigma x + alpha' (e D0 + (1 - e / H) D1 + (1 / 2 - (H - e) / H^2) D2)
/// ```
///
/// and a noise prediction the same with the parts of signal and noise exchanged (Lu and others 2022, both papers).
struct DPMSolverFactors {
  var state: Double
  var value: Double
  var first = 0.0
  var second = 0.0
  var noise = 0.0

  /// The factors of a step between two levels; `to` may be clean for a first-order step.
  init(_ algorithm: DPMSolverAlgorithm, _ type: DPMSolverType, from: NoiseLevel, to: NoiseLevel) {
    let h = to.lambda - from.lambda
    guard h != 0 else {
      (state, value) = (1, 0)
      return
    }
    if algorithm.predictsData {
      let span = algorithm.isStochastic ? 2 * h : h
      let gain = -expm1(-span)
      state = to.sigma / from.sigma * (algorithm.isStochastic ? exp(-h) : 1)
      value = to.alpha * gain
      first = type == .midpoint ? value / 2 : to.alpha * (1 - gain / span)
      // diffusers gives the second derivative of the stochastic method the other sign.
      second =
        algorithm.isStochastic
        ? to.alpha * ((gain - span) / (span * span) - 0.5) : to.alpha * (0.5 - (span - gain) / (span * span))
      if algorithm.isStochastic { noise = to.sigma * (-expm1(-2 * h)).squareRoot() }
    } else {
      // sigma' (exp(h) - 1), written so that a clean end is no infinity.
      let grown = to.alpha * from.sigma / from.alpha
      let gain = grown - to.sigma
      let times: Double = algorithm.isStochastic ? 2 : 1
      state = to.alpha / from.alpha
      value = -times * gain
      first = type == .midpoint ? value / 2 : -times * (gain / h - to.sigma)
      second = -times * ((gain / h - to.sigma) / h - to.sigma / 2)
      if algorithm.isStochastic { noise = max(0, grown * grown - to.sigma * to.sigma).squareRoot() }
    }
  }
}
