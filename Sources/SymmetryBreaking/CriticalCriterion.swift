public import Diffusion
import Foundation

/// What may be called the moment at which a symmetry breaks; the four do not agree.
///
/// For centred data of equal norm, `l` being the largest eigenvalue of the data's covariance and `q = theta^2 = alphaBar`:
///
/// | criterion | critical `q` |
/// |---|---|
/// | ``driftFixedPoint`` | `sqrt(1 + l^2) - l` |
/// | ``bimodalDensity`` | `1 / (1 + l)` |
/// | ``speciation`` | `1 / l` |
/// | ``flowInstability`` | `1 - l` |
///
/// The first fires for the growth of a Gaussian's covariance as well, from `q = 1 / (l - 1)` on where `l > 2`.
public enum CriticalCriterion: String, Sendable, Hashable, Codable, CaseIterable {
  /// The central fixed point of the stochastic equation's drift loses its stability (Raya and Ambrogioni 2023).
  case driftFixedPoint = "drift fixed point"
  /// The density of the noised data gets two maxima.
  case bimodalDensity = "bimodal density"
  /// The data's spread equals the noise's: `log(l) / 2` in the time of Biroli and others (2024).
  case speciation
  /// The probability flow stops to contract the centre.
  case flowInstability = "flow instability"

  /// The critical `theta^2`, or nil where the criterion is never met between the data and the noise.
  ///
  /// - Parameter variance: The largest eigenvalue of the data's covariance, positive.
  public func alphaBar(leadingVariance variance: Double) -> Double? {
    precondition(variance > 0, "a leading variance is positive, got \(variance)")
    // Variances come from 32-bit values; one that is 1 but for their rounding is no speciation just before the data.
    let excess = abs(variance - 1) < 1e-6 ? 0 : variance - 1
    return switch self {
    // The same as the difference in the table, without its cancellation when the variance is large.
    case .driftFixedPoint: 1 / ((1 + variance * variance).squareRoot() + variance)
    case .bimodalDensity: 1 / (1 + variance)
    case .speciation: excess > 0 ? 1 / variance : nil
    case .flowInstability: excess <= 0 ? abs(excess) : nil
    }
  }
}

extension NoiseSchedule {
  /// The first training step whose `alphaBar` lies below a value, or nil if that is met before the first step or at none.
  public func firstStep(below alphaBar: Double) -> Int? {
    alphaBars.firstIndex { Double($0) < alphaBar }.flatMap { $0 > 0 ? $0 : nil }
  }
}
