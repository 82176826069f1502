public import Tensors

/// The exact denoiser of Gaussian data, with a probability flow in closed form.
///
/// ```
/// E[x0 | x] = m + alpha C (alpha^2 C + sigma^2 I)^-1 (x - alpha m)
/// ```
///
/// The best linear estimate of the clean data, whatever their distribution; an exact test of samplers together with
/// ``GaussianStatistics/flowed(_:from:to:)``. Two products of `rows x k x D` an evaluation.
public struct GaussianDenoiser: Denoiser {
  /// The moments of the clean data.
  public let statistics: GaussianStatistics

  /// The denoiser of data with these moments.
  public init(_ statistics: GaussianStatistics) {
    self.statistics = statistics
  }

  /// The posterior mean at a level with noise.
  public func prediction(_ x: Tensor, at level: NoiseLevel) -> Prediction {
    let (along, outside) = statistics.variances(at: level)
    let gains = zip(statistics.eigenvalues, along).map { level.alpha * $0 / $1 }
    let output = statistics.mapped(
      x, from: level.alpha, to: 1, along: gains, outside: level.alpha * statistics.remainder / outside)
    return Prediction(x: x, level: level, output: output, type: .sample)
  }
}
