import Compute
public import Tensors

/// Ancestral sampling of the training chain itself (Ho, Jain and Abbeel 2020, algorithm 2), for any pair of levels.
///
/// With `a = alphaBar / alphaBar'` and `b = 1 - a`, the ratio of the levels and its complement,
///
/// ```
/// x' = sqrt(alphaBar') b / (1 - alphaBar) x0 + sqrt(a) (1 - alphaBar') / (1 - alphaBar) x + std n
/// ```
///
/// Noise is drawn unless the step begins at training step 0. One evaluation a step.
public struct DDPMSampler: Sampler {
  /// The variance of the added noise.
  public enum Variance: String, Sendable, Hashable, CaseIterable {
    /// That of the posterior for known data, `b (1 - alphaBar') / (1 - alphaBar)`.
    case fixedSmall = "fixed_small"
    /// The same; diffusers computes it through its logarithm.
    case fixedSmallLog = "fixed_small_log"
    /// That of the posterior for standard normal data, `b`.
    case fixedLarge = "fixed_large"
    /// The same; diffusers takes the root of the logarithm here, which is not a number.
    case fixedLargeLog = "fixed_large_log"
    /// The second half of the network's channels, zero where that is negative.
    case learned
    /// Between the two fixed ones, by the second half of the channels in -1...1 (Nichol and Dhariwal 2021, equation 15).
    case learnedRange = "learned_range"
  }

  /// The variance of the added noise.
  public let variance: Variance
  /// The limit of the estimate of the clean data: clipping or thresholding.
  public let limit: DenoisedLimit
  /// A stochastic method of weak order one.
  public var order: Int { 1 }

  /// A sampler.
  public init(variance: Variance = .fixedSmall, limit: DenoisedLimit = .none) {
    self.variance = variance
    self.limit = limit
  }

  /// Evaluates once and draws from the posterior.
  public func step(
    _ x: Tensor, _ step: SamplingStep, denoiser: any Denoiser, noise: StepNoise, state: inout SamplerState
  ) throws -> SamplerUpdate {
    let evaluation = try evaluate(denoiser, x, at: step.from)
    let denoised = try limit.apply(to: evaluation.prediction.denoised)
    let posterior = Posterior(from: step.from, to: step.to)
    var terms = [(posterior.denoisedWeight, denoised), (posterior.stateWeight, x)]
    if step.from.timestep > 0 {
      terms.append(try addition(posterior, evaluation, noise))
    }
    return SamplerUpdate(.combination(terms), evaluation.prediction, limited: denoised)
  }

  /// The noise that is added, and its factor.
  private func addition(
    _ posterior: Posterior, _ evaluation: DenoiserEvaluation, _ noise: StepNoise
  ) throws -> (Double, Tensor) {
    switch variance {
    case .fixedSmall, .fixedSmallLog:
      return (posterior.variance.squareRoot(), try noise.normals())
    case .fixedLarge, .fixedLargeLog:
      return (posterior.beta.squareRoot(), try noise.normals())
    case .learned, .learnedRange:
      guard let predicted = evaluation.variance else { throw SamplerError.missingVariance(variance) }
      let deviation = variance == .learned ? ScalingFunction(.squareRoot) : posterior.learnedDeviation
      return (1, try noise.normals().scaled(by: deviation, of: predicted))
    }
  }
}
