public import Tensors

/// A denoiser that counts the function evaluations of another.
public final class CountingDenoiser: Denoiser {
  /// Function evaluations a sample so far (NFE): those of every prediction, two where guidance is on.
  public private(set) var evaluations = 0
  private let base: any Denoiser

  /// Counts the evaluations of another denoiser.
  public init(_ base: any Denoiser) {
    self.base = base
  }

  /// The other denoiser's.
  public func evaluations(at level: NoiseLevel) -> Int { base.evaluations(at: level) }

  /// Evaluates the other denoiser.
  public func prediction(_ x: Tensor, at level: NoiseLevel) throws -> Prediction {
    evaluations += base.evaluations(at: level)
    return try base.prediction(x, at: level)
  }
}
