extension NoiseSchedule {
  /// Evenly spaced betas (Ho, Jain and Abbeel 2020).
  ///
  /// - Parameters:
  ///   - start: The beta of the first training step.
  ///   - end: The beta of the last.
  ///   - count: Training steps.
  public static func linear(from start: Double = 0.0001, to end: Double = 0.02, count: Int = 1000) -> NoiseSchedule {
    NoiseSchedule(.linear(from: start, to: end), count: count)
  }

  /// Betas whose square roots are evenly spaced (Rombach and others 2022).
  public static func scaledLinear(
    from start: Double = 0.00085, to end: Double = 0.012, count: Int = 1000
  ) -> NoiseSchedule {
    NoiseSchedule(.scaledLinear(from: start, to: end), count: count)
  }

  /// `alphaBar(u) = cos^2((u + 0.008) / 1.008 * pi / 2)` with betas of at most 0.999 (Nichol and Dhariwal 2021).
  public static func cosine(count: Int = 1000) -> NoiseSchedule {
    NoiseSchedule(.squaredCosine, count: count)
  }

  /// Betas on a logistic curve over -6...6 (Xu and others 2022, GeoDiff).
  public static func sigmoid(from start: Double = 0.0001, to end: Double = 0.02, count: Int = 1000) -> NoiseSchedule {
    NoiseSchedule(.sigmoid(from: start, to: end), count: count)
  }

  /// Karras' sigmas on his ramp, rising (Karras and others 2022, equation 5), in 64 bits.
  ///
  /// ```
  /// sigma_i = (sigmaMin^(1/rho) + i / (count - 1) (sigmaMax^(1/rho) - sigmaMin^(1/rho)))^rho
  /// ```
  ///
  /// A level's ``NoiseLevel/timestep`` is its place in the table; what a network is conditioned on is the business of its
  /// ``Preconditioning``.
  public static func edm(
    sigmaMin: Double = 0.002, sigmaMax: Double = 80, rho: Double = 7, count: Int = 1000
  ) -> NoiseSchedule {
    NoiseSchedule(.karras(rho: rho), from: sigmaMin, to: sigmaMax, count: count)
  }

  /// Sigmas in geometric progression, the variance-exploding diffusion of Song and others (2021).
  ///
  /// - Parameters:
  ///   - sigmaMin: The sigma of the first training step.
  ///   - sigmaMax: That of the last, about the largest distance between two samples of the data.
  ///   - count: Training steps.
  public static func geometric(
    from sigmaMin: Double = 0.01, to sigmaMax: Double = 50, count: Int = 1000
  ) -> NoiseSchedule {
    NoiseSchedule(.exponential, from: sigmaMin, to: sigmaMax, count: count)
  }

  /// Sigmas that a formula spreads between two ends, both included.
  public init(_ ramp: SigmaRamp, from sigmaMin: Double, to sigmaMax: Double, count: Int) {
    self.init(karrasSigmas: ramp.sigmas(from: sigmaMax, to: sigmaMin, count: count).reversed(), ramp: ramp)
  }

  /// The same schedule where the last level holds some of the data, for samplers that need a finite `sigma / alpha`: a last
  /// `alphaBar` of zero is replaced by `2^-24`, as diffusers does.
  var withFiniteSigmas: NoiseSchedule {
    guard alphaBars[last] == 0 else { return self }
    return NoiseSchedule(alphaBars: alphaBars.dropLast() + [0x1p-24])
  }
}
