import Foundation

/// How much signal and how much noise there is: `x = alpha * x0 + sigma * eps`, with `eps` standard normal.
///
/// The clock of the project. All states are kept in this variance-preserving scaling, `alpha^2 + sigma^2 = 1`; the
/// training steps of discrete models, the sigma of Karras et al. (2022) and the theta of Raya and Ambrogioni (2023,
/// theta = alpha) are views of it.
public struct NoiseLevel: Hashable, Sendable {
  /// The factor of the clean data, from 1 (clean) towards 0.
  public let alpha: Double
  /// The standard deviation of the noise, from 0 (clean) to 1.
  public let sigma: Double
  /// The training step that a discrete model is conditioned on at this level, possibly fractional.
  public let timestep: Double

  /// A level on the variance-preserving circle.
  public init(alpha: Double, sigma: Double, timestep: Double) {
    self.alpha = alpha
    self.sigma = sigma
    self.timestep = timestep
  }

  /// A level from `alphaBar = alpha^2`, the cumulated product of denoising diffusion models (Ho, Jain and Abbeel 2020).
  public init(alphaBar: Double, timestep: Double) {
    self.init(alpha: alphaBar.squareRoot(), sigma: max(0, 1 - alphaBar).squareRoot(), timestep: timestep)
  }

  /// A level from the noise-to-signal ratio `sigma / alpha`, which Karras and others (2022) call sigma.
  public init(ratio: Double, timestep: Double) {
    let alpha = 1 / (ratio * ratio + 1).squareRoot()
    self.init(alpha: alpha, sigma: ratio * alpha, timestep: timestep)
  }

  /// No noise at all.
  public static let clean = NoiseLevel(alpha: 1, sigma: 0, timestep: 0)

  /// The noise-to-signal ratio `sigma / alpha`.
  public var ratio: Double { sigma / alpha }

  /// Half the logarithm of the signal-to-noise ratio: `lambda = log(alpha / sigma)` (Lu and others 2022).
  public var lambda: Double { log(alpha) - log(sigma) }
}
