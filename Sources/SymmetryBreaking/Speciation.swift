import Foundation

/// The two times of generation in the clock of Biroli, Bonnaire, de Bortoli and Mezard (2024), whose `theta` is `exp(-t)`.
///
/// A discrete model is at `t = -log(alphaBar) / 2`. Their data are pixels in [0, 1], of two classes and one channel:
/// variances in [-1, 1] are four times theirs, and more with colours.
public enum BiroliClock {
  /// The time of a factor of the clean data, `-log theta`.
  public static func time(ofTheta theta: Double) -> Double { -log(theta) }

  /// The factor of the clean data at a time, `exp(-t)`.
  public static func theta(at time: Double) -> Double { exp(-time) }

  /// When a sample's class is chosen: `log(variance) / 2`, from `variance exp(-2 t) = 1`.
  ///
  /// - Parameter variance: The largest eigenvalue of the data's covariance, positive.
  public static func speciationTime(leadingVariance variance: Double) -> Double { log(variance) / 2 }

  /// When a sample of the exact score of finitely many Gaussian draws falls onto one of them.
  ///
  /// ```
  /// t = log(1 + variance / (samples^(2 / dimension) - 1)) / 2
  /// ```
  ///
  /// - Parameters:
  ///   - variance: The variance of the draws in every direction.
  ///   - samples: The draws, at least two.
  ///   - dimension: The dimensions.
  public static func collapseTime(variance: Double, samples: Int, dimension: Int) -> Double {
    precondition(samples > 1 && dimension > 0 && variance > 0, "two draws or more")
    // expm1: the power lies next to 1 in many dimensions.
    return log1p(variance / expm1(2 * log(Double(samples)) / Double(dimension))) / 2
  }

  /// The entropy per dimension by which finitely many Gaussian draws exceed the density that they stand for.
  ///
  /// ```
  /// log(samples) / dimension + log(D / (D + variance exp(-2 t))) / 2,   D = 1 - exp(-2 t)
  /// ```
  ///
  /// Positive before the collapse, whose time is its root; below zero the formula has no meaning and zero is given.
  public static func excessEntropy(
    at time: Double, variance: Double, samples: Int, dimension: Int
  ) -> Double {
    let noise = -expm1(-2 * time)
    let excess =
      log(Double(samples)) / Double(dimension) + log(noise / (noise + variance * exp(-2 * time))) / 2
    return max(0, excess)
  }
}
