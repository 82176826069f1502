/// Steps between Karras' sigmas that a formula spreads, whatever the training steps.
///
/// A whole run goes from ``sigmaMax`` to ``sigmaMin``, by default from the last training step of the schedule to the first,
/// and then to the clean data; a late start begins at exactly the level of its training step. On a schedule of sigmas a whole run
/// begins with noise alone, `sigma n`, and a run that ends with some noise hands out `x / alpha`.
public struct SigmaGrid: SamplingGrid, Hashable {
  /// How the sigmas are spread.
  public let ramp: SigmaRamp
  /// The last sigma with noise, or nil for that of the first training step.
  public let sigmaMin: Double?
  /// The sigma that a whole run begins at, or nil for that of the last training step.
  public let sigmaMax: Double?
  /// Whether a step to the clean data follows.
  public let endsClean: Bool

  /// A grid.
  public init(_ ramp: SigmaRamp, sigmaMin: Double? = nil, sigmaMax: Double? = nil, endsClean: Bool = true) {
    self.ramp = ramp
    self.sigmaMin = sigmaMin
    self.sigmaMax = sigmaMax
    self.endsClean = endsClean
  }

  /// The plan of any number of steps.
  ///
  /// - Throws: ``SamplerError/setting(_:value:legal:)`` where the sigmas would not fall.
  public func plan(
    steps: Int, startingAt timestep: Int?, on schedule: NoiseSchedule, sampler: any Sampler
  ) throws(SamplerError) -> SamplingPlan {
    try SamplerError.check(steps: steps)
    var start = try schedule.start(timestep)
    if timestep == nil, let sigmaMax {
      guard sigmaMax > 0, sigmaMax.isFinite else {
        throw .setting("sigmaMax", value: "\(sigmaMax)", legal: "a number above 0")
      }
      start = schedule.level(atKarrasSigma: sigmaMax)
    }
    let (high, low) = (start.karrasSigma, sigmaMin ?? schedule.level(at: 0).karrasSigma)
    guard high.isFinite else {
      throw .setting(
        "sigmaMax", value: "infinite", legal: "a number, where nothing of the data is left at the last step")
    }
    guard low > 0, low < high || steps == 1 else {
      throw .setting("sigmaMin", value: "\(low)", legal: "above 0 and less than \(high), where the run begins")
    }
    // A grid that does not end clean has its last sigma where the last step ends.
    let sigmas = ramp.sigmas(from: high, to: low, count: endsClean ? steps : steps + 1)
    let levels = [start] + sigmas.dropFirst().map(schedule.level(atKarrasSigma:)) + (endsClean ? [.clean] : [])
    return SamplingPlan(
      levels: levels, sampler: sampler,
      initialScale: schedule.isVarianceExploding && timestep == nil ? start.sigma : 1,
      finalScale: schedule.isVarianceExploding ? 1 / (levels.last?.alpha ?? 1) : 1)
  }
}

extension SamplingGrid where Self == SigmaGrid {
  /// Evenly in `sigma^(1/rho)` (Karras and others 2022, equation 5); see ``SigmaGrid``.
  public static func karras(rho: Double = 7, sigmaMin: Double? = nil, sigmaMax: Double? = nil) -> SigmaGrid {
    SigmaGrid(.karras(rho: rho), sigmaMin: sigmaMin, sigmaMax: sigmaMax)
  }

  /// Evenly in the logarithm of sigma (k-diffusion's exponential schedule); see ``SigmaGrid``.
  public static func exponential(sigmaMin: Double? = nil, sigmaMax: Double? = nil) -> SigmaGrid {
    SigmaGrid(.exponential, sigmaMin: sigmaMin, sigmaMax: sigmaMax)
  }

  /// Evenly in `lambda = log(alpha / sigma)`, half the logarithm of the signal-to-noise ratio (Lu and others 2022): the same
  /// sigmas as those of ``exponential(sigmaMin:sigmaMax:)``.
  public static func uniformLambda(sigmaMin: Double? = nil, sigmaMax: Double? = nil) -> SigmaGrid {
    SigmaGrid(.exponential, sigmaMin: sigmaMin, sigmaMax: sigmaMax)
  }

  /// By the quantiles of a beta distribution (Lee and others 2024); see ``SigmaGrid``.
  public static func beta(
    alpha: Double = 0.6, beta: Double = 0.6, sigmaMin: Double? = nil, sigmaMax: Double? = nil
  ) -> SigmaGrid {
    SigmaGrid(.beta(alpha: alpha, beta: beta), sigmaMin: sigmaMin, sigmaMax: sigmaMax)
  }
}

extension SamplingGrid where Self == TrainingSigmaGrid {
  /// The sigmas of spaced training steps; see ``TrainingSigmaGrid``.
  public static func trainingSteps(_ spacing: TimestepSpacing) -> TrainingSigmaGrid { TrainingSigmaGrid(spacing) }
}
