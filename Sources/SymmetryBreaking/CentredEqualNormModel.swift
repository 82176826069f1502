/// Centred data with samples of equal norm: the origin is a fixed point and loses its stability at a known `theta`.
///
/// For such data the origin is a fixed point at every noise level, and its stability depends on the leading variance
/// alone, by Tweedie's formula:
///
/// ```
/// largest eigenvalue of the Hessian of log p at 0:   -1 / (1 - theta^2) + theta^2 variance / (1 - theta^2)^2
/// ```
///
/// The criterion is the paper's (the drift of the stochastic equation); it fires for the growth of a Gaussian's
/// covariance as well, and so does not by itself prove that a symmetry breaks.
public protocol CentredEqualNormModel {
  /// The largest eigenvalue of the data's covariance.
  var leadingVariance: Double { get }
}

extension CentredEqualNormModel {
  /// The smallest curvature of the potential at the centre, in units of the rate: positive while the centre is stable.
  ///
  /// ```
  /// u'' / beta = -1/2 + 1 / (1 - theta^2) - theta^2 variance / (1 - theta^2)^2
  /// ```
  public func curvature(theta: Double) -> Double {
    let (signal, noise) = (theta * theta, 1 - theta * theta)
    return -0.5 + 1 / noise - signal * leadingVariance / (noise * noise)
  }

  /// The `theta` at which the centre loses its stability: `theta^2 = sqrt(1 + variance^2) - variance`.
  ///
  /// In the time of the variance-preserving equation, `-log theta = asinh(variance) / 2`.
  public var criticalTheta: Double {
    let variance = leadingVariance
    // The same as the difference above, without its cancellation when the variance is large.
    return (1 / ((1 + variance * variance).squareRoot() + variance)).squareRoot()
  }
}
