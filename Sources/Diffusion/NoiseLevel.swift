import Foundation

/// How much signal and how much noise there is: `x = alpha * x0 + sigma * eps`, with `eps` standard normal.
///
/// The clock of the project. All states are kept in this variance-preserving scaling, `alpha^2 + sigma^2 = 1`; the
/// training steps of discrete models, the sigma of Karras et al. (2022) and the theta of Raya and Ambrogioni (2023,
/// theta = alpha) are views of it. Models of data that noise is added to without scaling them (Karras and others; the
/// variance-exploding ones of Song and others 2021) have the states `x / alpha = x0 + karrasSigma * eps`, the same up to a factor.
public struct NoiseLevel: Hashable, Sendable {
  /// The factor of the clean data, from 1 (clean) towards 0.
  public let alpha: Double
  /// The standard deviation of the noise, from 0 (clean) to 1.
  public let sigma: Double
  /// The training step of this level, possibly fractional: the place in the table of any schedule.
  ///
  /// Discrete models are conditioned on it; what other networks are conditioned on follows from ``karrasSigma``, see
  /// ``Parametrization``.
  public let timestep: Double
  /// Whether `alpha^2` is an entry of a discrete model's table, which holds numbers of 32 bits.
  private(set) var isTabulated = false

  /// A level on the variance-preserving circle, `alpha^2 + sigma^2 = 1` up to rounding.
  public init(alpha: Double, sigma: Double, timestep: Double) {
    precondition(
      alpha >= 0 && sigma >= 0 && abs(alpha * alpha + sigma * sigma - 1) < 1e-5,
      "alpha \(alpha) and sigma \(sigma) are not on the circle alpha^2 + sigma^2 = 1")
    self.alpha = alpha
    self.sigma = sigma
    self.timestep = timestep
  }

  /// A level from `alphaBar = alpha^2`, the cumulated product of denoising diffusion models (Ho, Jain and Abbeel 2020).
  public init(alphaBar: Double, timestep: Double) {
    self.init(alpha: alphaBar.squareRoot(), sigma: max(0, 1 - alphaBar).squareRoot(), timestep: timestep)
    isTabulated = true
  }

  /// A level from the sigma of Karras and others (2022), of k-diffusion and of the samplers in `x / alpha`: the deviation of
  /// the noise where the data are not scaled, `sigma / alpha`.
  ///
  /// - Parameters:
  ///   - karrasSigma: Not negative; infinite where nothing of the data is left.
  ///   - timestep: What a discrete model is conditioned on.
  public init(karrasSigma: Double, timestep: Double) {
    let alpha = 1 / (karrasSigma * karrasSigma + 1).squareRoot()
    self.init(alpha: alpha, sigma: alpha == 0 ? 1 : karrasSigma * alpha, timestep: timestep)
  }

  /// No noise at all.
  public static let clean = NoiseLevel(alpha: 1, sigma: 0, timestep: 0)

  /// Karras' sigma, `sigma / alpha` (Karras and others 2022): the standard deviation of the noise on unscaled data.
  public var karrasSigma: Double { sigma / alpha }

  /// Half the logarithm of the signal-to-noise ratio: `lambda = log(alpha / sigma)` (Lu and others 2022).
  public var lambda: Double { log(alpha) - log(sigma) }
}
