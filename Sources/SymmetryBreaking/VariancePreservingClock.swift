public import Diffusion
import Foundation

/// The clock of the variance-preserving equation with linear rate, in the forward time `s` from 0 (clean) to 1.
///
/// ```
/// dY = -beta(s) / 2 * Y ds + sqrt(beta(s)) dW     beta(s) = betaMin + s (betaMax - betaMin)
/// theta(s) = exp(-s^2 (betaMax - betaMin) / 4 - s betaMin / 2)
/// ```
///
/// Song and others (2021), appendix C; `theta` as in Raya and Ambrogioni (2023) is the `alpha` of a `NoiseLevel`.
public struct VariancePreservingClock: Sendable, Hashable {
  /// The rate at time 0.
  public let betaMin: Double
  /// The rate at time 1.
  public let betaMax: Double

  /// A clock; the defaults are those of the paper.
  public init(betaMin: Double = 0.1, betaMax: Double = 20) {
    precondition(betaMin > 0 && betaMax > betaMin, "rates grow from a positive one, got \(betaMin) to \(betaMax)")
    self.betaMin = betaMin
    self.betaMax = betaMax
  }

  /// The rate `beta` at a time.
  public func beta(at time: Double) -> Double {
    betaMin + time * (betaMax - betaMin)
  }

  /// The factor of the clean data at a time.
  public func theta(at time: Double) -> Double {
    exp(-time * (time * (betaMax - betaMin) / 4 + betaMin / 2))
  }

  /// The time at which the factor of the clean data is `theta`, between 0 and 1 for values that the clock reaches.
  public func time(ofTheta theta: Double) -> Double {
    precondition(theta > 0 && theta <= 1, "theta lies in (0, 1], got \(theta)")
    let slope = betaMax - betaMin
    return ((betaMin * betaMin - 4 * slope * log(theta)).squareRoot() - betaMin) / slope
  }

  /// The noise level at a time; its training step counts a thousand to the whole.
  public func level(at time: Double) -> NoiseLevel {
    let theta = theta(at: time)
    return NoiseLevel(alphaBar: theta * theta, timestep: 1000 * time)
  }
}
