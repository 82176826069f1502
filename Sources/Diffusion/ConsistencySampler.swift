public import Tensors

/// The one-step and multistep sampling of consistency models (Song and others 2023, algorithm 1).
///
/// A consistency model maps a state at any level to the end of its trajectory; more steps add noise again and map again:
///
/// ```
/// x' / alpha' = D(x) + noise sqrt(r'^2 - m^2) n
/// ```
///
/// with Karras' sigma `r'` of the next level and the smallest of the model's, `m`. Nothing is added at the end. One evaluation a
/// step. With a denoiser that is no consistency model the samples are not the data's.
public struct ConsistencySampler: Sampler {
  /// The smallest sigma of the model's training.
  public let smallestSigma: Double
  /// The factor of the added noise.
  public let noise: Double
  /// The limit of the mapped states: clipping or thresholding.
  public let limit: DenoisedLimit
  /// None in the number of steps: a single one is a sample.
  public var order: Int { 1 }

  /// A sampler.
  public init(smallestSigma: Double = 0.002, noise: Double = 1, limit: DenoisedLimit = .clip(1)) {
    self.smallestSigma = smallestSigma
    self.noise = noise
    self.limit = limit
  }

  /// Maps the state to the clean data and adds the noise of the next level.
  public func step(
    _ x: Tensor, _ step: SamplingStep, denoiser: any Denoiser, noise: StepNoise, state: inout SamplerState
  ) throws -> SamplerUpdate {
    let prediction = try evaluate(denoiser, x, at: step.from).prediction
    let denoised = try limit.apply(to: prediction.denoised)
    guard step.to.sigma > 0 else { return SamplerUpdate(denoised, prediction, limited: denoised) }
    let sigma = step.to.karrasSigma
    let deviation = max(0, sigma * sigma - smallestSigma * smallestSigma).squareRoot() * self.noise
    let terms = [(step.to.alpha, denoised), (step.to.alpha * deviation, try noise.normals())]
    return SamplerUpdate(.combination(terms), prediction, limited: denoised)
  }
}

/// Down from the noisiest training step by a whole stride, the customary grid of consistency models.
///
/// A late start goes down from its training step in the same way.
public struct ConsistencyGrid: SamplingGrid, Hashable {
  /// A grid.
  public init() {}

  /// The plan of no more steps than there are training steps.
  public func plan(
    steps: Int, startingAt timestep: Int?, on schedule: NoiseSchedule, sampler: any Sampler
  ) throws(SamplerError) -> SamplingPlan {
    try SamplerError.check(steps: steps)
    _ = try schedule.start(timestep)
    let top = timestep ?? schedule.last
    guard steps <= top + 1 else {
      throw .steps(steps, reason: "there are only \(top + 1) training steps to begin one at")
    }
    let stride = (top + 1) / steps
    let levels = (0..<steps).map { schedule.level(at: top - $0 * stride) } + [.clean]
    return SamplingPlan(levels: levels, sampler: sampler, initialScale: timestep == nil ? levels[0].sigma : 1)
  }
}
