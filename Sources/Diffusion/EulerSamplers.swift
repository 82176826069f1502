public import Tensors

/// Euler's method in Karras' sigma, `sigma / alpha` (Karras and others 2022, algorithm 1 without correction).
///
/// In variance-preserving scaling it is DDIM's update for any pair of levels. One evaluation a step.
public struct EulerSampler: Sampler {
  /// Noise that is added before each step; none by default.
  public let churn: Churn
  /// First order.
  public var order: Int { 1 }

  /// A sampler.
  public init(churn: Churn = .none) {
    self.churn = churn
  }

  /// Evaluates once and moves along the noise found.
  public func step(
    _ x: Tensor, _ step: SamplingStep, denoiser: any Denoiser, noise: StepNoise, state: inout SamplerState
  ) throws -> SamplerUpdate {
    let (x, from) = try churn.applied(to: x, step, noise)
    let prediction = try evaluate(denoiser, x, at: from).prediction
    return SamplerUpdate(carry(x, noise: prediction.noise, from: from, to: step.to), prediction)
  }
}

/// Euler steps to below the next level, and fresh noise up to it (Crowson 2022, k-diffusion's `euler_ancestral`).
///
/// With Karras' sigmas `r` and `r'` of the two levels,
///
/// ```
/// up^2 = r'^2 (r^2 - r'^2) / r^2      down^2 = r'^2 - up^2
/// x' / alpha' = x / alpha + (down - r) eps + up n
/// ```
///
/// Noise is drawn unless the step ends at the clean data. One evaluation a step.
public struct EulerAncestralSampler: Sampler {
  /// First order.
  public var order: Int { 1 }

  /// A sampler.
  public init() {}

  /// Evaluates once, moves along the noise found and adds fresh noise.
  public func step(
    _ x: Tensor, _ step: SamplingStep, denoiser: any Denoiser, noise: StepNoise, state: inout SamplerState
  ) throws -> SamplerUpdate {
    let prediction = try evaluate(denoiser, x, at: step.from).prediction
    let (sigma, nextSigma) = (step.from.karrasSigma, step.to.karrasSigma)
    let upSquared = max(0, nextSigma * nextSigma * (1 - (nextSigma / sigma) * (nextSigma / sigma)))
    let down = max(0, nextSigma * nextSigma - upSquared).squareRoot()
    var terms = [(step.to.alpha / step.from.alpha, x), (step.to.alpha * (down - sigma), prediction.noise)]
    if nextSigma > 0 { terms.append((step.to.alpha * upSquared.squareRoot(), try noise.normals())) }
    return SamplerUpdate(.combination(terms), prediction)
  }
}

/// Heun's method in Karras' sigma, `sigma / alpha` (Karras and others 2022, algorithm 1, and 2 with churn).
///
/// An Euler step, a second evaluation at its end, and the step again along the mean of both noises; the step to the clean
/// data is Euler's. Two evaluations a step, `2 n - 1` in a run of `n` that ends clean.
public struct HeunSampler: Sampler {
  /// The limit of the estimate of the clean data (clipping or thresholding), in both evaluations.
  public let limit: DenoisedLimit
  /// Noise that is added before each step; none by default.
  public let churn: Churn
  /// Second order.
  public var order: Int { 2 }

  /// A sampler.
  public init(limit: DenoisedLimit = .none, churn: Churn = .none) {
    self.limit = limit
    self.churn = churn
  }

  /// Evaluates at both ends and moves along the mean noise.
  public func step(
    _ x: Tensor, _ step: SamplingStep, denoiser: any Denoiser, noise: StepNoise, state: inout SamplerState
  ) throws -> SamplerUpdate {
    let (x, from) = try churn.applied(to: x, step, noise)
    let first = try evaluate(denoiser, x, at: from).prediction
    let (slope, denoised) = try limitedNoise(first, limit)
    let guess = carry(x, noise: slope, from: from, to: step.to)
    guard step.to.sigma > 0 else { return SamplerUpdate(guess, first, limited: denoised) }
    let second = try limitedNoise(evaluate(denoiser, guess, at: step.to).prediction, limit).noise
    let mean = Tensor.combination([(0.5, slope), (0.5, second)])
    return SamplerUpdate(carry(x, noise: mean, from: from, to: step.to), first, limited: denoised)
  }
}
