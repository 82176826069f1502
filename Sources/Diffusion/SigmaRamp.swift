import Foundation

/// A formula that spreads Karras' sigmas between two ends: what k-diffusion calls a sigma schedule.
public enum SigmaRamp: Sendable, Hashable {
  /// Evenly in `sigma^(1/rho)` (Karras and others 2022, equation 5).
  case karras(rho: Double)
  /// Evenly in the logarithm of sigma, which is evenly in the logarithm of the signal-to-noise ratio, `lambda = -log sigma`
  /// (Lu and others 2022).
  case exponential
  /// By the quantiles of a beta distribution, with both parameters 0.6 in the paper (Lee and others 2024).
  case beta(alpha: Double, beta: Double)

  /// `count` sigmas, falling, both ends included; one alone is the first.
  ///
  /// - Parameters:
  ///   - high: The first, positive.
  ///   - low: The last, positive.
  ///   - count: How many, at least one.
  public func sigmas(from high: Double, to low: Double, count: Int) -> [Double] {
    switch self {
    case .karras(let rho):
      let (start, end) = (pow(high, 1 / rho), pow(low, 1 / rho))
      return TimestepSpacing.evenlySpaced(from: 0, to: 1, count: count).map { pow(start + $0 * (end - start), rho) }
    case .exponential:
      return TimestepSpacing.evenlySpaced(from: log(high), to: log(low), count: count).map { exp($0) }
    case .beta(let alpha, let beta):
      let distribution = BetaDistribution(alpha, beta)
      return TimestepSpacing.evenlySpaced(from: 0, to: 1, count: count).map {
        low + distribution.quantile(1 - $0) * (high - low)
      }
    }
  }
}
