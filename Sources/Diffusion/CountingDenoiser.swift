public import Tensors

/// A denoiser that counts how often it is evaluated.
public final class CountingDenoiser: Denoiser {
  /// Evaluations so far (NFE).
  public private(set) var evaluations = 0
  private let base: any Denoiser

  /// Counts the evaluations of another denoiser.
  public init(_ base: any Denoiser) {
    self.base = base
  }

  /// Evaluates the other denoiser.
  public func prediction(_ x: Tensor, at level: NoiseLevel) throws -> Prediction {
    evaluations += 1
    return try base.prediction(x, at: level)
  }
}
