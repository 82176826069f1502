import Foundation

/// The noise levels of a discrete model's training steps: a table of `alphaBar_t`, and what is between its entries.
public struct NoiseSchedule: Sendable, Hashable {
  /// The cumulated products `alphaBar_t`, in the 32-bit precision in which models are trained.
  public let alphaBars: [Float]

  /// A schedule from its betas.
  ///
  /// - Parameters:
  ///   - betas: How much noise each training step adds.
  ///   - count: Training steps.
  ///   - rescalesToZeroSignal: Whether the betas are rescaled so that nothing of the data is left at the last step
  ///     (Lin and others 2024).
  ///   - terminalAlphaBar: What replaces the last entry after a rescaling, where noise-to-signal ratios must be finite.
  public init(
    _ betas: BetaSchedule, count: Int, rescalesToZeroSignal: Bool = false, terminalAlphaBar: Float? = nil
  ) {
    let table = betas.betas(count: count)
    var products = Self.cumulatedProducts(of: rescalesToZeroSignal ? BetaSchedule.rescaledToZeroSignal(table) : table)
    if rescalesToZeroSignal, let terminalAlphaBar { products[products.count - 1] = terminalAlphaBar }
    self.init(alphaBars: products)
  }

  /// A schedule from its cumulated products, strictly falling.
  public init(alphaBars: [Float]) {
    precondition(!alphaBars.isEmpty, "a schedule has at least one step")
    self.alphaBars = alphaBars
  }

  /// Training steps.
  public var count: Int { alphaBars.count }

  /// The last training step, which holds the most noise.
  public var last: Int { alphaBars.count - 1 }

  /// The noise level of a training step.
  public func level(at timestep: Int) -> NoiseLevel {
    NoiseLevel(alphaBar: Double(alphaBars[timestep]), timestep: Double(timestep))
  }

  /// The noise level of a training step, or between two of them by linear interpolation of `sigma / alpha`.
  public func level(at timestep: Double) -> NoiseLevel {
    let whole = Int(timestep)
    return Double(whole) == timestep
      ? level(at: whole) : NoiseLevel(ratio: ratio(at: timestep), timestep: timestep)
  }

  /// The noise-to-signal ratio of a training step, `sqrt((1 - alphaBar) / alphaBar)`, in 32 bits.
  func ratio(at timestep: Int) -> Float {
    ((1 - alphaBars[timestep]) / alphaBars[timestep]).squareRoot()
  }

  /// The noise-to-signal ratio by linear interpolation, with what lies outside the table moved to its ends.
  func ratio(at timestep: Double) -> Double {
    guard timestep > 0 else { return Double(ratio(at: 0)) }
    guard timestep < Double(last) else { return Double(ratio(at: last)) }
    let below = Int(timestep)
    let (low, high) = (Double(ratio(at: below)), Double(ratio(at: below + 1)))
    return (high - low) * (timestep - Double(below)) + low
  }

  /// The fractional training step at which `log(sigma / alpha)` takes a value, by linear interpolation.
  ///
  /// The table of logarithms is rounded to 32 bits as in diffusers, where the result may be truncated to an integer, so
  /// that its last bit decides between two training steps at the ends of the table.
  func timestep(atRatio ratio: Double) -> Double {
    guard count > 1 else { return 0 }
    let target = log(max(ratio, 1e-10))
    let logarithm = { (step: Int) in Double(self.ratio(at: step).tableLogarithm) }
    // The last entry that is not above counts, also where a rescaled table does not rise at its end.
    let low = min((0..<count).last { logarithm($0) <= target } ?? 0, last - 1)
    let (below, above) = (logarithm(low), logarithm(low + 1))
    let weight = min(max((below - target) / (below - above), 0), 1)
    return (1 - weight) * Double(low) + weight * Double(low + 1)
  }

  /// `alphaBar_t`, the products of `1 - beta`, accumulated in 64 bits and rounded to 32 as PyTorch's `cumprod` does.
  static func cumulatedProducts(of betas: [Float]) -> [Float] {
    var product = 1.0
    return betas.map { beta in
      product *= Double(1 - beta)
      return Float(product)
    }
  }
}

extension Float {
  /// The natural logarithm of a positive normal number with the rounding errors of NumPy's vectorised one, which is what
  /// diffusers' tables hold: within four units in the last place.
  ///
  /// The number is `m 2^e` with `m` in `(sqrt(1/2), sqrt(2)]`; `log(m)` is a quotient of two polynomials in `m - 1`.
  var tableLogarithm: Float {
    var (fraction, power) = (significand / 2, Float(exponent) + 1)
    if fraction <= Float(0.5).squareRoot() { (fraction, power) = (2 * fraction, power - 1) }
    let u = fraction - 1
    let above: [Float] = [
      2.589979117907922693523e-02, 3.808837741388407920751e-01, 1.480000633576506585156, 2.112677543073053063722,
      9.999999999999998702752e-01, 0,
    ]
    let below: [Float] = [
      5.875095403124574342950e-03, 1.546476374983906719538e-01, 9.864942958519418960339e-01, 2.453006071784736363091,
      2.612677543073109236779, 1,
    ]
    let horner = { (coefficients: [Float]) in
      coefficients.dropFirst().reduce(coefficients[0]) { $1.addingProduct($0, u) }
    }
    return (horner(above) / horner(below)).addingProduct(power, Float(0.693147180559945309417))
  }
}
