public import Compute
public import Diffusion
import Tensors

/// Two points at 1 and -1 of unequal weight: the smallest data whose class proportions a late start may change.
///
/// Where both weigh the same, the standard normal has the data's moments, and a late start from it loses nothing. With
/// unequal weights it starts nearer to equal shares than the data are, and after the symmetry has broken nothing
/// corrects that; a Gaussian with the data's mean and variance keeps the shares.
public struct UnequalPoints: Sendable, Hashable {
  /// The share of the point at 1.
  public let share: Double

  /// The data, of which the point at 1 has a share between 0 and 1.
  public init(share: Double = 0.8) {
    precondition(share > 0 && share < 1, "a share lies between 0 and 1, got \(share)")
    self.share = share
  }

  /// The mean, `2 share - 1`.
  public var mean: Double { 2 * share - 1 }

  /// The exact denoiser.
  public func denoiser(on backend: any Backend) -> GaussianMixtureDenoiser {
    .init(centres: [1, -1], weights: [share, 1 - share], dimension: 1, on: backend)
  }

  /// The Gaussian with the same mean and variance.
  public func statistics(on backend: any Backend) -> GaussianStatistics {
    .init(mean: [Float(mean)], basis: [1], eigenvalues: [1 - mean * mean], remainder: 0, on: backend)
  }

  /// The share of paths that reach the point at 1 after a late start with the exact score.
  ///
  /// Its standard error is at most `1 / (2 sqrt(paths))`. The paths are a function of the seed, up to rounding.
  ///
  /// - Parameters:
  ///   - time: The forward time of the start.
  ///   - initialization: How the states are made; ``statistics(on:)`` has the right moments.
  ///   - dynamics: The clock and the number of steps.
  ///   - paths: Independent paths.
  ///   - seed: The seed of all of them.
  ///   - backend: The device.
  public func reachedShare(
    fromTime time: Double, _ initialization: LateStartInitialization, dynamics: GenerativeDynamics = .init(),
    paths: Int = 200_000, seed: UInt64 = 0, on backend: any Backend
  ) throws -> Double {
    let noise = { (step: UInt32) in
      Tensor.noise([paths], seeds: [seed], key: NoiseKey(step: step), on: backend).reshaped([paths, 1])
    }
    let start = initialization.state(
      from: noise(0), at: dynamics.clock.level(at: time), top: dynamics.clock.level(at: 1))
    let end = try dynamics.states(from: start, at: time, denoiser: denoiser(on: backend)) { noise(UInt32($0 + 1)) }
    return Double(try end.values().count { $0 > 0 }) / Double(paths)
  }
}
