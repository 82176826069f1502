public import Tensors

/// Anything that estimates the clean data behind a noisy state: a network, or an exact posterior mean.
///
/// The one currency of samplers and observables. What a network was trained to predict is the business of the
/// ``Prediction`` it returns.
public protocol Denoiser {
  /// Evaluates the denoiser once, for `x = alpha * x0 + sigma * eps`, rows being independent samples.
  func prediction(_ x: Tensor, at level: NoiseLevel) throws -> Prediction

  /// Function evaluations that a prediction at a level costs each sample (NFE); 1 unless a denoiser says otherwise.
  ///
  /// Guidance without a classifier costs two where it is on, whether they are made one after the other or in one batch.
  func evaluations(at level: NoiseLevel) -> Int
}

extension Denoiser {
  /// One evaluation.
  public func evaluations(at level: NoiseLevel) -> Int { 1 }
}

/// What a network is trained to predict.
public enum PredictionType: String, Sendable, Hashable, Codable, CaseIterable {
  /// The noise `eps` (Ho et al. 2020).
  case epsilon
  /// The clean data `x0`.
  case sample
  /// `v = alpha * eps - sigma * x0` (Salimans and Ho 2022).
  case velocity = "v_prediction"
}

/// One evaluation of a denoiser, from which the clean data, the noise and the velocity follow linearly.
///
/// ```
/// epsilon:   x0 = (x - sigma eps) / alpha      eps = output
/// sample:    x0 = output                       eps = (x - alpha x0) / sigma
/// velocity:  x0 = alpha x - sigma v            eps = alpha v + sigma x
/// ```
public struct Prediction {
  /// The state that was evaluated.
  public let x: Tensor
  /// Its noise level.
  public let level: NoiseLevel
  /// What the denoiser returned.
  public let output: Tensor
  /// What that is.
  public let type: PredictionType

  /// An evaluation's result.
  public init(x: Tensor, level: NoiseLevel, output: Tensor, type: PredictionType) {
    self.x = x
    self.level = level
    self.output = output
    self.type = type
  }

  /// Coefficients of `x` and `output` in the estimate of the clean data.
  ///
  /// Where nothing of the data is left (`alpha = 0`) predicted noise says nothing; the estimate is then a huge number of
  /// the right sign, which clipping turns into a picture, rather than NaN.
  public var denoisedCoefficients: (x: Double, output: Double) {
    let alpha = max(level.alpha, 1e-30)
    return switch type {
    case .epsilon: (1 / alpha, -level.sigma / alpha)
    case .sample: (0, 1)
    case .velocity: (level.alpha, -level.sigma)
    }
  }

  /// Coefficients of `x` and `output` in the estimate of the noise.
  public var noiseCoefficients: (x: Double, output: Double) {
    switch type {
    case .epsilon: (0, 1)
    case .sample: (1 / level.sigma, -level.alpha / level.sigma)
    case .velocity: (level.sigma, level.alpha)
    }
  }

  /// The estimate of the clean data `x0`.
  public var denoised: Tensor {
    let (a, b) = denoisedCoefficients
    return a == 0 && b == 1 ? output : .combination([(a, x), (b, output)])
  }

  /// The estimate of the noise `eps`.
  public var noise: Tensor {
    let (a, b) = noiseCoefficients
    return a == 0 && b == 1 ? output : .combination([(a, x), (b, output)])
  }
}
