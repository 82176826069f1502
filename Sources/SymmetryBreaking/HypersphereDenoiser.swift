public import Compute
public import Diffusion
public import Tensors

/// The exact denoiser of data spread evenly over a sphere; see ``HypersphereModel/denoisedRadius(at:theta:)``.
///
/// ```
/// E[x0 | x] = radius * A(alpha * radius * |x| / sigma^2) x / |x|,   A(k) = I_d/2(k) / I_(d/2-1)(k)
/// ```
///
/// Norms are taken on the device, their ratios of Bessel functions on the host: one wait an evaluation.
public struct HypersphereDenoiser: Denoiser {
  /// The sphere.
  public let model: HypersphereModel

  /// The denoiser of a sphere.
  public init(_ model: HypersphereModel) {
    self.model = model
  }

  /// The posterior mean of every row at a level with noise.
  public func prediction(_ x: Tensor, at level: NoiseLevel) throws -> Prediction {
    precondition(x.count == x.rows * model.dimension, "\(x.shape) does not hold rows of \(model.dimension) values")
    let factors = try x.rowSquares().values().map { square in
      let distance = Double(square).squareRoot()
      // Beyond 32 bits the direction is lost, and with it the estimate.
      guard distance.isFinite else { return Float.nan }
      // A(k) = k / d near zero.
      guard distance > 0 else {
        return Float(level.alpha * model.leadingVariance / (level.sigma * level.sigma))
      }
      return Float(model.denoisedRadius(at: distance, theta: level.alpha) / distance)
    }
    return Prediction(x: x, level: level, output: x.scaledRows(by: factors), type: .sample)
  }
}

extension HypersphereModel {
  /// The exact denoiser.
  public func denoiser(on backend: any Backend) -> HypersphereDenoiser { HypersphereDenoiser(self) }

  /// The Gaussian with the same mean, zero, and the same covariance, ``leadingVariance`` in every direction.
  public func gaussian(on backend: any Backend) -> GaussianStatistics {
    .init(
      mean: [Float](repeating: 0, count: dimension), basis: (0..<dimension).map { $0 == 0 ? 1 : 0 },
      eigenvalues: [leadingVariance], remainder: leadingVariance, on: backend)
  }
}
