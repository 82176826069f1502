public import Tensors

/// Steps of the reverse diffusion and of Langevin's dynamics in turn (Song and others 2021, algorithms 2 and 4).
///
/// With Karras' sigmas `r` and `r'` of a step's levels, the score `s = -eps / r` of `y = x / alpha`, and normals `n`,
///
/// ```
/// corrector:  e = 2 (snr |n| / |s|)^2                    y <- y + e s + sqrt(2 e) n
/// predictor:  y' = y + (r^2 - r'^2) s + d n
///             d^2 = r^2 - r'^2                           reverse diffusion (equation 46)
///             d^2 = r'^2 (r^2 - r'^2) / r^2              ancestral (equation 47)
/// ```
///
/// The length of Langevin's step is the same whatever scales `x`, so that variance-preserving models are sampled as well.
/// Nothing is added in a step to the clean data. An evaluation a step, and one more for each correction.
public struct PredictorCorrectorSampler: Sampler {
  /// How a step goes to the next level.
  public enum Predictor: String, Sendable, Hashable, CaseIterable {
    /// The diffusion backwards.
    case reverseDiffusion = "reverse_diffusion"
    /// The posterior of the discrete chain.
    case ancestral
    /// Not at all: the corrections alone, annealed (Song and Ermon 2019).
    case none
  }

  /// Which norms say how long Langevin's steps are.
  public enum Norms: String, Sendable, Hashable, CaseIterable {
    /// Those of each sample, which then is the same alone and in a batch.
    case sample
    /// Their means over the batch, as in the authors' code and diffusers: samples depend on what is drawn beside them.
    case batch
  }

  /// How a step goes to the next level.
  public let predictor: Predictor
  /// Steps of Langevin's dynamics at each level, before the predictor.
  public let corrections: Int
  /// The ratio of signal to noise in a correction, `snr`.
  public let signalToNoise: Double
  /// Which norms say how long the corrections are.
  public let norms: Norms
  /// A stochastic method of weak order one where nothing is corrected.
  public var order: Int { 1 }

  /// A sampler.
  public init(
    predictor: Predictor = .reverseDiffusion, corrections: Int = 1, signalToNoise: Double = 0.16, norms: Norms = .sample
  ) {
    precondition(corrections >= 0 && signalToNoise > 0, "corrections are not negative and their snr is above 0")
    self.predictor = predictor
    self.corrections = corrections
    self.signalToNoise = signalToNoise
    self.norms = norms
  }

  /// Corrects the state at its level and then goes to the next.
  ///
  /// Where a grid names an inner level, the denoiser is asked there for a state of the same `x / alpha`.
  public func step(
    _ x: Tensor, _ step: SamplingStep, denoiser: any Denoiser, noise: StepNoise, state: inout SamplerState
  ) throws -> SamplerUpdate {
    let level = step.inner.first ?? step.from
    var y = level.alpha == step.from.alpha ? x : x.scaled(by: level.alpha / step.from.alpha)
    var first: Prediction?
    for draw in 0..<corrections {
      let prediction = try evaluate(denoiser, y, at: level).prediction
      first = first ?? prediction
      y = try corrected(y, prediction.noise, at: level, try noise.normals(draw: draw))
    }
    let scale = step.to.alpha / level.alpha
    if predictor == .none, let first { return SamplerUpdate(y.scaled(by: scale), first) }
    let prediction = try evaluate(denoiser, y, at: level).prediction
    let (high, low) = (step.from.karrasSigma, step.to.karrasSigma)
    let lost = high * high - low * low
    var terms = [(scale, y), (-step.to.alpha * lost / level.karrasSigma, prediction.noise)]
    if low > 0 {
      let deviation = predictor == .ancestral ? lost.squareRoot() * low / high : lost.squareRoot()
      terms.append((step.to.alpha * deviation, try noise.normals(draw: corrections)))
    }
    return SamplerUpdate(.combination(terms), first ?? prediction)
  }

  /// One step of Langevin's dynamics; waits for the device.
  private func corrected(_ x: Tensor, _ noise: Tensor, at level: NoiseLevel, _ normals: Tensor) throws -> Tensor {
    let ratios: [Double]
    let normalNorms = try Self.rowNorms(normals), noiseNorms = try Self.rowNorms(noise)
    switch norms {
    case .sample: ratios = zip(normalNorms, noiseNorms).map { $1 > 0 ? $0 / $1 : 0 }
    case .batch:
      let sum = noiseNorms.reduce(0, +)
      ratios = .init(repeating: sum > 0 ? normalNorms.reduce(0, +) / sum : 0, count: x.rows)
    }
    // Of the state itself the score is -eps / sigma, and its norm that of eps divided by sigma.
    let lengths = ratios.map { 2 * (signalToNoise * level.sigma * $0) * (signalToNoise * level.sigma * $0) }
    return .combination([
      (1, x), (-1 / level.sigma, noise.scaledRows(by: lengths.map { Float($0) })),
      (1, normals.scaledRows(by: lengths.map { Float((2 * $0).squareRoot()) })),
    ])
  }

  private static func rowNorms(_ tensor: Tensor) throws -> [Double] {
    try tensor.rowSquares().values().map { Double($0).squareRoot() }
  }
}
