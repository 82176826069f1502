import Foundation

/// Where a model decides: the rate of the entropy of the clean data given the state, from denoising losses.
///
/// With `x = x0 + sigma eps`, `sigma` that of Karras and others (2022), and `mse = E |x0 - E[x0 | x]|^2`:
///
/// ```
/// dH[x0 | x] / dsigma = mse / sigma^3               (I-MMSE: Guo, Shamai and Verdu 2005)
/// phi = integral of mse / sigma^2 dsigma            rescaled entropic time
/// ```
///
/// Stancevic, Handke and Ambrogioni (2025). All entropies are in nats and relative to the first level.
public struct EntropyProfile: Sendable, Hashable {
  /// The levels, `sigma / alpha`, rising.
  public let karrasSigmas: [Double]
  /// The squared error of the estimate of the clean data, summed over a sample's values, at each level.
  public let losses: [Double]

  /// A profile.
  ///
  /// - Parameters:
  ///   - karrasSigmas: At least two, positive and rising.
  ///   - losses: One a level, not negative.
  public init(karrasSigmas: [Double], losses: [Double]) {
    precondition(
      karrasSigmas.count > 1 && karrasSigmas[0] > 0 && zip(karrasSigmas, karrasSigmas.dropFirst()).allSatisfy(<),
      "two levels or more, rising")
    precondition(losses.count == karrasSigmas.count && losses.allSatisfy { $0 >= 0 }, "a loss a level")
    self.karrasSigmas = karrasSigmas
    self.losses = losses
  }

  /// The entropy that a unit of `log sigma` adds at each level: `mse / sigma^2`.
  public var rates: [Double] { zip(losses, karrasSigmas).map { $0 / ($1 * $1) } }

  /// The entropy at each level less that at the first, by the trapezoid rule in `log sigma`.
  public var entropies: [Double] { integral(of: rates) }

  /// What a state tells of its clean data at each level, in nats: `H[x0] - H[x0 | x]`.
  ///
  /// Beyond the last level the error is taken for constant, so that half of it over `sigma^2` is left there.
  public var informations: [Double] {
    let entropies = entropies, last = losses.count - 1
    let rest = losses[last] / (2 * karrasSigmas[last] * karrasSigmas[last])
    return entropies.map { entropies[last] - $0 + rest }
  }

  /// The level at which the exact score of so many samples begins to fall onto single ones of them: the collapse.
  ///
  /// A state tells as much of its clean data as the name of a sample holds, `log(samples)` nats, so that the excess entropy
  /// `log(samples) - information` of the samples vanishes (Biroli, Bonnaire, de Bortoli and Mezard 2024). For a Gaussian
  /// this is ``BiroliClock/collapseTime(variance:samples:dimension:)``.
  ///
  /// - Parameter samples: At least two.
  /// - Returns: Karras' sigma, between two levels linear in its logarithm; nil where it lies outside of the profile.
  public func collapseSigma(samples: Int) -> Double? {
    precondition(samples > 1, "two samples or more")
    let wanted = log(Double(samples)), informations = informations
    guard let upper = informations.firstIndex(where: { $0 < wanted }), upper > 0 else { return nil }
    let part = (informations[upper - 1] - wanted) / (informations[upper - 1] - informations[upper])
    return karrasSigmas[upper - 1] * pow(karrasSigmas[upper] / karrasSigmas[upper - 1], part)
  }

  /// The rescaled entropic time at each level, zero at the first, by the same rule.
  public var rescaledTimes: [Double] { integral(of: zip(losses, karrasSigmas).map { $0 / $1 }) }

  /// Levels at equal steps of the rescaled entropic time, from the last down to the first.
  ///
  /// - Parameter count: Levels, at least two.
  /// - Returns: Karras' sigmas, falling; between two levels of the profile, time is linear in `log sigma`.
  public func levels(count: Int) -> [Double] {
    precondition(count > 1, "two levels or more")
    let times = rescaledTimes, total = times[times.count - 1]
    return (0..<count).map { place in
      let wanted = total * Double(count - 1 - place) / Double(count - 1)
      let upper = min(max(1, times.firstIndex { $0 >= wanted } ?? times.count - 1), times.count - 1)
      let (low, high) = (times[upper - 1], times[upper])
      let part = high > low ? (wanted - low) / (high - low) : 1
      let logarithms = (log(karrasSigmas[upper - 1]), log(karrasSigmas[upper]))
      return exp(logarithms.0 + part * (logarithms.1 - logarithms.0))
    }
  }

  private func integral(of values: [Double]) -> [Double] {
    var sum = 0.0
    return [0]
      + (1..<values.count).map { place in
        sum += (values[place - 1] + values[place]) / 2 * log(karrasSigmas[place] / karrasSigmas[place - 1])
        return sum
      }
  }
}
