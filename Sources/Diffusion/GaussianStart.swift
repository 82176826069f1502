public import Tensors

/// How the state of a late start is made (Raya and Ambrogioni 2023, section on Gaussian late starts).
///
/// The early part of the generative dynamics is a linear relaxation to a central fixed point. A Gaussian with the data's
/// mean and covariance passes through it in closed form, so nothing need be simulated there.
public enum LateStartInitialization {
  /// Fresh normals with the data's mean and covariance: `x = alpha m + sqrt(alpha^2 C + sigma^2 I) z`.
  ///
  /// The root is the symmetric one, so that `z` and `x` are images of each other.
  case gaussian(GaussianStatistics)

  /// The prior noise, transported to the level by the probability flow of the Gaussian; keeps the image of each seed.
  ///
  /// ```
  /// x_s = mu_s + U sqrt(v_s / v_T) U^T (x_T - mu_T),   mu = alpha m,   v = alpha^2 C + sigma^2 I
  /// ```
  ///
  /// `T` is the sampler's own first level. The same map as the analytical teleportation of Wang and Vastola (2024).
  case flow(GaussianStatistics)

  /// Standard normals as they are, whatever the level: the baseline of the paper.
  case noise

  /// The state at a level.
  ///
  /// - Parameters:
  ///   - noise: Standard normals, one row a sample, of any shape.
  ///   - level: The level to start at.
  ///   - top: The level that a run from the prior would start at; used by ``flow(_:)`` only.
  /// - Returns: A state of the shape of `noise`. Row *i* depends on row *i* of the noise only, up to rounding.
  public func state(from noise: Tensor, at level: NoiseLevel, top: NoiseLevel) -> Tensor {
    switch self {
    case .gaussian(let statistics): statistics.gaussianState(from: noise, at: level)
    case .flow(let statistics): statistics.flowed(noise, from: top, to: level)
    case .noise: noise
    }
  }
}

extension GaussianStatistics {
  /// Normals with the moments of a level, from standard normals; see ``LateStartInitialization/gaussian(_:)``.
  public func gaussianState(from noise: Tensor, at level: NoiseLevel) -> Tensor {
    let (along, outside) = variances(at: level)
    return mapped(
      noise, from: 0, to: level.alpha, along: along.map { $0.squareRoot() }, outside: outside.squareRoot())
  }

  /// States of one level, transported to another by the Gaussian's probability flow, exactly;
  /// see ``LateStartInitialization/flow(_:)``.
  ///
  /// - Parameters:
  ///   - x: States at `start`, of any shape whose rows hold `D` values.
  ///   - start: A level with noise.
  ///   - end: Any level, noisier or cleaner.
  public func flowed(_ x: Tensor, from start: NoiseLevel, to end: NoiseLevel) -> Tensor {
    let (startAlong, startOutside) = variances(at: start)
    let (endAlong, endOutside) = variances(at: end)
    return mapped(
      x, from: start.alpha, to: end.alpha, along: zip(endAlong, startAlong).map { ($0 / $1).squareRoot() },
      outside: (endOutside / startOutside).squareRoot())
  }
}
