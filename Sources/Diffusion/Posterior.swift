package import Compute
import Foundation

/// The mean and variance of the state at a cleaner level, given the state and the clean data.
package struct Posterior {
  /// The variance that one step adds, `1 - alphaBar / alphaBar'`.
  package let beta: Double
  /// The factor of the clean data.
  let denoisedWeight: Double
  /// The factor of the state.
  let stateWeight: Double
  /// The variance, at least 1e-20.
  package let variance: Double

  package init(from: NoiseLevel, to: NoiseLevel) {
    let (noise, nextNoise) = (from.sigma * from.sigma, to.sigma * to.sigma)
    let ratio = Self.ratio(from: from, to: to)
    beta = 1 - ratio
    denoisedWeight = to.alpha * beta / noise
    stateWeight = ratio.squareRoot() * nextNoise / noise
    variance = max(nextNoise / noise * beta, 1e-20)
  }

  /// The standard deviation between the two fixed ones, as a function of what a network predicts in -1...1.
  ///
  /// ```
  /// log deviation = (f log beta + (1 - f) log variance) / 2,   f = (raw + 1) / 2
  ///               = (log beta - log variance) / 4 * raw + (log beta + log variance) / 4
  /// ```
  ///
  /// Nichol and Dhariwal 2021, equation 15.
  package var learnedDeviation: ScalingFunction {
    let (low, high) = (log(variance), log(beta))
    return ScalingFunction(.exponential, scale: Float((high - low) / 4), factor: Float(exp((high + low) / 4)))
  }

  /// `alphaBar / alphaBar'`, of a table's entry rounded to 32 bits as in diffusers: between neighbouring training steps near the
  /// data that moves `beta` by up to 6e-4 of itself, which diffusers' published sums show.
  static func ratio(from: NoiseLevel, to: NoiseLevel) -> Double {
    let ratio = (from.alpha / to.alpha) * (from.alpha / to.alpha)
    return from.isTabulated ? Double(Float(ratio)) : ratio
  }

  /// The variance without a lower bound: zero for a step to the clean data.
  static func variance(from: NoiseLevel, to: NoiseLevel) -> Double {
    (to.sigma * to.sigma) / (from.sigma * from.sigma) * max(0, 1 - ratio(from: from, to: to))
  }
}
