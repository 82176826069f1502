import Diffusion
import Foundation

extension NoiseSchedule {
  /// The fractional training step at which `log(sigma / alpha)` takes a value, by linear interpolation.
  ///
  /// The table of logarithms is rounded to 32 bits as in diffusers, where the result may be truncated to an integer, so
  /// that its last bit decides between two training steps at the ends of the table.
  func tableTimestep(atSigma sigma: Double) -> Double {
    guard count > 1 else { return 0 }
    let target = log(max(sigma, 1e-10))
    let logarithm = { (step: Int) in Double(karrasSigma(at: step).tableLogarithm) }
    // The last entry that is not above counts, also where a rescaled table does not rise at its end.
    let low = min((0..<count).last { logarithm($0) <= target } ?? 0, last - 1)
    let (below, above) = (logarithm(low), logarithm(low + 1))
    let weight = min(max((below - target) / (below - above), 0), 1)
    return (1 - weight) * Double(low) + weight * Double(low + 1)
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
