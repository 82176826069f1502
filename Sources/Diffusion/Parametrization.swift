/// What a network is given at a noise level, and what its output says: how it was parametrised in training.
///
/// This belongs to the denoiser and not to the noise level: the same level is a training step to one network and the
/// logarithm of a sigma to another.
public enum Parametrization: Sendable, Hashable {
  /// The network is given the state as it is and a training step, and predicts one of three things.
  case predicts(PredictionType)
  /// The network is given a scaled state and a time that follows from sigma.
  case preconditioned(Preconditioning)

  /// A network that predicts noise.
  public static let epsilon = Parametrization.predicts(.epsilon)
  /// A network, or an exact denoiser, that predicts the clean data.
  public static let sample = Parametrization.predicts(.sample)
  /// A network that predicts velocities.
  public static let velocity = Parametrization.predicts(.velocity)

  /// What a network is given at a level.
  public struct Input: Sendable, Hashable {
    /// The factor of the state.
    public var factor: Double
    /// What is added to every value.
    public var shift: Double
    /// The time that the network is conditioned on.
    public var time: Double
  }

  /// What the network is given at a level, for states `alpha x0 + sigma eps`.
  public func input(at level: NoiseLevel) -> Input {
    guard case .preconditioned(let preconditioning) = self else {
      return Input(factor: 1, shift: 0, time: level.timestep)
    }
    let scalings = preconditioning.scalings(at: level.karrasSigma)
    return Input(factor: scalings.input / level.alpha, shift: scalings.shift, time: scalings.time)
  }

  /// Coefficients of the state and the network's output in the estimate of the clean data.
  ///
  /// Where nothing of the data is left (`alpha = 0`) predicted noise says nothing; the estimate is then a huge number of
  /// the right sign, which clipping turns into a picture, rather than NaN.
  public func denoisedCoefficients(at level: NoiseLevel) -> (x: Double, output: Double) {
    let alpha = max(level.alpha, 1e-30)
    switch self {
    case .predicts(.epsilon): return (1 / alpha, -level.sigma / alpha)
    case .predicts(.sample): return (0, 1)
    case .predicts(.velocity): return (level.alpha, -level.sigma)
    case .preconditioned(let preconditioning):
      let scalings = preconditioning.scalings(at: level.karrasSigma)
      return (scalings.skip / level.alpha, scalings.output)
    }
  }

  /// Coefficients of the state and the network's output in the estimate of the noise.
  public func noiseCoefficients(at level: NoiseLevel) -> (x: Double, output: Double) {
    switch self {
    case .predicts(.epsilon): return (0, 1)
    case .predicts(.sample): return (1 / level.sigma, -level.alpha / level.sigma)
    case .predicts(.velocity): return (level.sigma, level.alpha)
    case .preconditioned(let preconditioning):
      let sigma = level.karrasSigma, scalings = preconditioning.scalings(at: sigma)
      return (scalings.rest / level.sigma, -scalings.output / sigma)
    }
  }
}

extension Parametrization: CustomStringConvertible {
  /// What the network predicts, in a word or two.
  public var description: String {
    switch self {
    case .predicts(let type): type.rawValue
    case .preconditioned(let preconditioning):
      switch preconditioning.form {
      case .edm: "data, preconditioned (edm)"
      case .consistency: "data, consistently"
      case .variancePreserving: "noise, preconditioned (vp)"
      case .varianceExploding: "noise, preconditioned (ve)"
      case .improved: "noise, preconditioned (iddpm)"
      case .score: "score"
      }
    }
  }
}
