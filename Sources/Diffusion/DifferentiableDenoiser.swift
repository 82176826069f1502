public import Tensors

/// A denoiser whose derivatives by the state are to be had: networks, Gaussians and their mixtures.
public protocol DifferentiableDenoiser: Denoiser {
  /// Evaluates the denoiser once and keeps what its derivatives need.
  func differentiablePrediction(_ x: Tensor, at level: NoiseLevel) throws -> DifferentiablePrediction
}

/// An evaluation with its derivatives by the state, as products with vectors from the left.
public struct DifferentiablePrediction {
  /// The evaluation, its output in the state's own shape.
  public let prediction: Prediction
  private let pullback: (Tensor) throws -> Tensor

  /// An evaluation.
  ///
  /// - Parameters:
  ///   - prediction: What was predicted.
  ///   - pullback: `v^T d output / d x` of each row, for any `v` of the state's shape; it may be asked several times.
  public init(_ prediction: Prediction, pullback: @escaping (Tensor) throws -> Tensor) {
    self.prediction = prediction
    self.pullback = pullback
  }

  /// `v^T d x0 / d x` of each row, where `x0` is the estimate of the clean data.
  public func denoisedPullback(of v: Tensor) throws -> Tensor {
    let (a, b) = prediction.denoisedCoefficients
    return .combination([(a, v), (b, try pullback(v))])
  }
}

extension GaussianDenoiser: DifferentiableDenoiser {
  /// The posterior mean, whose derivative is a symmetric matrix that does not depend on the state.
  public func differentiablePrediction(_ x: Tensor, at level: NoiseLevel) -> DifferentiablePrediction {
    DifferentiablePrediction(prediction(x, at: level)) { v in statistics.gained(v, at: level) }
  }
}

extension GaussianMixtureDenoiser: DifferentiableDenoiser {
  /// The posterior mean with its derivative, the covariance of the posterior.
  ///
  /// ```
  /// v^T d x0 / d x = (alpha variance / s^2) v + (alpha sigma^2 / s^4) sum over k of p_k (v . c_k) (c_k - c),   c = sum over k of p_k c_k
  /// ```
  ///
  /// Probabilities are weighed on the host.
  public func differentiablePrediction(_ x: Tensor, at level: NoiseLevel) throws -> DifferentiablePrediction {
    let probabilities = componentProbabilities(x, at: level), weights = try probabilities.values().map(Double.init)
    let spread = level.sigma * level.sigma + level.alpha * level.alpha * variance
    let factor = level.alpha * (level.sigma / spread) * (level.sigma / spread)
    return DifferentiablePrediction(prediction(x, at: level)) { v in
      let rows = v.reshaped([v.rows, centres.shape[1]]), count = centres.shape[0]
      let products = try rows.multiplied(by: centres, transposingOther: true).values()
      // p_k (v . c_k - v . c), so that the mean of the centres need not be taken off.
      var covariances = [Float](repeating: 0, count: v.rows * count)
      for row in 0..<v.rows {
        let places = row * count..<(row + 1) * count
        let mean = places.reduce(0.0) { $0 + weights[$1] * Double(products[$1]) }
        for place in places { covariances[place] = Float(weights[place] * (Double(products[place]) - mean)) }
      }
      let change = Tensor(covariances, shape: [v.rows, count], on: v.backend).multiplied(by: centres)
      return Tensor.combination([(level.alpha * variance / spread, rows), (factor, change)]).reshaped(v.shape)
    }
  }
}

extension GaussianStatistics {
  /// What the posterior mean multiplies a change of the state by: `alpha C (alpha^2 C + sigma^2 I)^-1 v`.
  fileprivate func gained(_ v: Tensor, at level: NoiseLevel) -> Tensor {
    let (along, outside) = variances(at: level)
    return mapped(
      v, from: 0, to: 0, along: zip(eigenvalues, along).map { level.alpha * $0 / $1 },
      outside: level.alpha * remainder / outside)
  }
}
