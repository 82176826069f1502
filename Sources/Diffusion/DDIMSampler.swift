public import Tensors

/// The implicit sampler of Song, Meng and Ermon (2021), equation 12, with noise between none and that of DDPM.
///
/// ```
/// x' = alpha' x0 + sqrt(1 - alpha'^2 - std^2) eps + std n
/// std^2 = eta^2 (1 - alphaBar') / (1 - alphaBar) (1 - alphaBar / alphaBar')
/// ```
///
/// Noise is drawn where `std > 0`. One evaluation a step.
public struct DDIMSampler: Sampler {
  /// How much of DDPM's noise is added: 0 for none, 1 for all of it.
  public let eta: Double
  /// The limit of the estimate of the clean data: clipping or thresholding.
  public let limit: DenoisedLimit
  /// Whether `eps` is derived again from the limited estimate (Nichol and others 2022, GLIDE).
  public let usesLimitedNoise: Bool
  /// First order in the flow of Karras' sigma.
  public var order: Int { 1 }

  /// A sampler.
  public init(eta: Double = 0, limit: DenoisedLimit = .none, usesLimitedNoise: Bool = false) {
    precondition(eta >= 0, "eta is at least 0")
    self.eta = eta
    self.limit = limit
    self.usesLimitedNoise = usesLimitedNoise
  }

  /// Evaluates once and moves towards the estimate of the clean data.
  public func step(
    _ x: Tensor, _ step: SamplingStep, denoiser: any Denoiser, noise: StepNoise, state: inout SamplerState
  ) throws -> SamplerUpdate {
    let prediction = try evaluate(denoiser, x, at: step.from).prediction
    let denoised = try limit.apply(to: prediction.denoised)
    let epsilon = usesLimitedNoise ? impliedNoise(in: x, denoised: denoised, at: step.from) : prediction.noise
    let variance = eta == 0 ? 0 : eta * eta * Posterior.variance(from: step.from, to: step.to)
    let direction = max(0, step.to.sigma * step.to.sigma - variance).squareRoot()
    var terms = [(step.to.alpha, denoised), (direction, epsilon)]
    if variance > 0 { terms.append((variance.squareRoot(), try noise.normals())) }
    return SamplerUpdate(.combination(terms), prediction, limited: denoised)
  }
}
