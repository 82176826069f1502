public import Tensors

/// Adams and Bashforth's method on uneven steps of Karras' sigma `r` (Crowson 2022, k-diffusion's `lms`).
///
/// ```
/// x' / alpha' = x / alpha + sum over k of c_k eps_k,     c_k = integral from r to r' of the k-th Lagrange polynomial
/// ```
///
/// One evaluation a step.
public struct LMSSampler: Sampler {
  /// The most noises that are used, one to four.
  public let order: Int
  /// Whether a run that begins inside a grid weighs its first noises as if those before them were known.
  ///
  /// diffusers does, and those before are simply missing from the sum; otherwise the order grows with the history.
  public let weighsMissingHistory: Bool

  /// A sampler.
  public init(order: Int = 4, weighsMissingHistory: Bool = true) {
    precondition((1...4).contains(order), "the order is one to four")
    self.order = order
    self.weighsMissingHistory = weighsMissingHistory
  }

  /// Grows from one at the beginning of a grid.
  public func order(ofStep index: Int, of count: Int) -> Int { min(index + 1, order) }

  /// Evaluates once and moves along the extrapolated noise.
  public func step(
    _ x: Tensor, _ step: SamplingStep, denoiser: any Denoiser, noise: StepNoise, state: inout SamplerState
  ) throws -> SamplerUpdate {
    let prediction = try evaluate(denoiser, x, at: step.from).prediction
    state.remember(prediction.noise, limit: order)
    let order = weighsMissingHistory ? step.order : min(step.order, state.values.count)
    let sigmas = ([step.from] + step.previous.prefix(order - 1)).map(\.karrasSigma)
    let terms = zip(sigmas.indices, state.values).map { index, value in
      (step.to.alpha * Self.weight(of: index, among: sigmas, to: step.to.karrasSigma), value)
    }
    return SamplerUpdate(.combination([(step.to.alpha / step.from.alpha, x)] + terms), prediction)
  }

  /// The integral of one Lagrange polynomial from the newest sigma to the next, by two points of Gauss and Legendre,
  /// which is exact up to the third degree.
  static func weight(of index: Int, among sigmas: [Double], to end: Double) -> Double {
    let (centre, half) = ((sigmas[0] + end) / 2, (end - sigmas[0]) / 2)
    let polynomial = { (r: Double) in
      sigmas.indices.reduce(1.0) { product, other in
        other == index ? product : product * (r - sigmas[other]) / (sigmas[index] - sigmas[other])
      }
    }
    let offset = half / 3.0.squareRoot()
    return half * (polynomial(centre - offset) + polynomial(centre + offset))
  }
}
