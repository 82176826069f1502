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

/// One evaluation of a denoiser, from which the clean data and the noise follow linearly.
///
/// ```
/// epsilon:   x0 = (x - sigma eps) / alpha      eps = output
/// sample:    x0 = output                       eps = (x - alpha x0) / sigma
/// velocity:  x0 = alpha x - sigma v            eps = alpha v + sigma x
/// ```
///
/// and as ``Preconditioning`` says where the network has one.
public struct Prediction {
  /// The state that was evaluated.
  public let x: Tensor
  /// Its noise level.
  public let level: NoiseLevel
  /// What the denoiser returned.
  public let output: Tensor
  /// What that is.
  public let parametrization: Parametrization

  /// An evaluation's result.
  public init(x: Tensor, level: NoiseLevel, output: Tensor, parametrization: Parametrization) {
    self.x = x
    self.level = level
    self.output = output
    self.parametrization = parametrization
  }

  /// An evaluation's result, of a network without preconditioning or of an exact denoiser.
  public init(x: Tensor, level: NoiseLevel, output: Tensor, type: PredictionType) {
    self.init(x: x, level: level, output: output, parametrization: .predicts(type))
  }

  /// Coefficients of `x` and `output` in the estimate of the clean data.
  public var denoisedCoefficients: (x: Double, output: Double) { parametrization.denoisedCoefficients(at: level) }

  /// Coefficients of `x` and `output` in the estimate of the noise.
  public var noiseCoefficients: (x: Double, output: Double) { parametrization.noiseCoefficients(at: level) }

  /// The estimate of the clean data `x0`.
  public var denoised: Tensor { combined(denoisedCoefficients) }

  /// The estimate of the noise `eps`.
  public var noise: Tensor { combined(noiseCoefficients) }

  private func combined(_ coefficients: (x: Double, output: Double)) -> Tensor {
    let (a, b) = coefficients
    return a == 0 && b == 1 ? output : .combination([(a, x), (b, output)])
  }
}
