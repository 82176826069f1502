public import Tensors

/// One evaluation of a denoiser, taken apart.
public struct DenoiserEvaluation {
  /// The prediction of the state's own shape.
  public let prediction: Prediction
  /// The second half of the channels of a network that also predicts its variance, as it is, in the state's own shape.
  public let variance: Tensor?

  /// An evaluation.
  public init(prediction: Prediction, variance: Tensor? = nil) {
    self.prediction = prediction
    self.variance = variance
  }
}

extension Sampler {
  /// Evaluates a denoiser and takes a predicted variance off its output.
  public func evaluate(_ denoiser: any Denoiser, _ x: Tensor, at level: NoiseLevel) throws -> DenoiserEvaluation {
    let prediction = try denoiser.prediction(x, at: level)
    guard prediction.output.count == 2 * x.count else { return DenoiserEvaluation(prediction: prediction) }
    // Halves of a sample's channels follow each other, so they are the even and the odd rows of twice as many.
    let halves = prediction.output.reshaped([2 * x.rows] + x.shape.dropFirst())
    let output = halves.selectingRows((0..<x.rows).map { 2 * $0 })
    return DenoiserEvaluation(
      prediction: Prediction(x: x, level: level, output: output, parametrization: prediction.parametrization),
      variance: halves.selectingRows((0..<x.rows).map { 2 * $0 + 1 }))
  }

  /// The noise that an estimate of the clean data implies: `eps = (x - alpha x0) / sigma`.
  public func impliedNoise(in x: Tensor, denoised: Tensor, at level: NoiseLevel) -> Tensor {
    .combination([(1 / level.sigma, x), (-level.alpha / level.sigma, denoised)])
  }

  /// The noise in a prediction, with the estimate of the clean data held within limits.
  ///
  /// - Returns: The noise, and the limited estimate of the clean data, or nil where there is no limit.
  public func limitedNoise(_ prediction: Prediction, _ limit: DenoisedLimit) throws -> (
    noise: Tensor, denoised: Tensor?
  ) {
    guard limit != .none else { return (prediction.noise, nil) }
    let denoised = try limit.apply(to: prediction.denoised)
    return (impliedNoise(in: prediction.x, denoised: denoised, at: prediction.level), denoised)
  }

  /// Takes a state to another level along a constant noise, the exact flow where the noise does not change.
  ///
  /// ```
  /// x' = (alpha' / alpha) x + (sigma' - sigma alpha' / alpha) eps
  /// ```
  ///
  /// This is one step of DDIM (Song, Meng and Ermon 2021, equation 12) and, in `x / alpha`, one of Euler's.
  public func carry(_ x: Tensor, noise: Tensor, from: NoiseLevel, to: NoiseLevel) -> Tensor {
    let scale = to.alpha / from.alpha
    let terms = [(scale, x), (to.sigma - from.sigma * scale, noise)]
    return .combination(terms)
  }
}
