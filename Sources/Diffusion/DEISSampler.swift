import Foundation
public import Tensors

/// Exponential integration with the noise extrapolated in the logarithm of Karras' sigma `r`
/// (Zhang and Chen 2023, `DEIS-tAB` in log-rho), of order one to three.
///
/// ```
/// x' / alpha' = x / alpha + sum over k of c_k eps_k
/// c_k = integral from r to r' of the k-th Lagrange polynomial in log r
/// ```
///
/// One evaluation a step.
public struct DEISSampler: Sampler {
  /// One to three.
  public let order: Int
  /// Whether the order falls towards the end of a grid of fewer than 15 steps.
  public let lowersFinalOrder: Bool
  /// The limit of the estimate of the clean data: clipping or thresholding.
  public let limit: DenoisedLimit

  /// A sampler.
  public init(order: Int = 2, lowersFinalOrder: Bool = true, limit: DenoisedLimit = .none) {
    precondition((1...3).contains(order), "the order is one to three")
    self.order = order
    self.lowersFinalOrder = lowersFinalOrder
    self.limit = limit
  }

  /// Lower at the end of a short grid.
  public func order(ofStep index: Int, of count: Int) -> Int {
    lowersFinalOrder && count < 15 ? min(order, count - index) : order
  }

  /// Evaluates once and extrapolates over the last noises.
  public func step(
    _ x: Tensor, _ step: SamplingStep, denoiser: any Denoiser, noise: StepNoise, state: inout SamplerState
  ) throws -> SamplerUpdate {
    let prediction = try evaluate(denoiser, x, at: step.from).prediction
    let (value, denoised) = try limitedNoise(prediction, limit)
    state.remember(value, limit: order)
    let reached = step.reachableOrder(remembered: state.values.count)
    guard reached > 1 else {
      return SamplerUpdate(carry(x, noise: value, from: step.from, to: step.to), prediction, limited: denoised)
    }
    let sigmas = ([step.from] + step.previous.prefix(reached - 1)).map(\.karrasSigma)
    let terms = zip(sigmas.indices, state.values).map { index, value in
      (step.to.alpha * Self.weight(of: index, among: sigmas, to: step.to.karrasSigma), value)
    }
    return SamplerUpdate(
      .combination([(step.to.alpha / step.from.alpha, x)] + terms), prediction, limited: denoised)
  }

  /// The integral over `r` of the Lagrange polynomial in `log r` that is one at `sigmas[index]` and zero at the others.
  ///
  /// With `u = log(r / r0)` counted from the newest sigma, the integral of `r u^n` terms is elementary:
  /// `integral of u^n exp(u) du = exp(u) (u^n - n u^(n-1) + ...)`.
  static func weight(of index: Int, among sigmas: [Double], to end: Double) -> Double {
    let nodes = sigmas.map { log($0 / sigmas[0]) }
    let others = nodes.indices.filter { $0 != index }.map { nodes[$0] }
    let scale = others.reduce(1.0) { $0 * (nodes[index] - $1) }
    let u = log(end / sigmas[0])
    // Moments of u^n exp(u) from 0 to u.
    let zeroth = expm1(u)
    let first = u * exp(u) - zeroth
    let second = u * u * exp(u) - 2 * first
    let integral =
      others.count == 1
      ? first - others[0] * zeroth : second - (others[0] + others[1]) * first + others[0] * others[1] * zeroth
    return sigmas[0] * integral / scale
  }
}
