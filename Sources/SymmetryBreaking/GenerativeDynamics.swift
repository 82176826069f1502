public import Diffusion
public import Tensors

/// The generative equation of the variance-preserving clock, simulated by Euler and Maruyama's method.
///
/// ```
/// x <- x + (beta / 2 * x + beta * score) ds + sqrt(beta ds) z,   score = (theta E[x0 | x] - x) / sigma^2
/// ```
///
/// Everything is taken at the beginning of a step. The plain method, for studies of the dynamics; the samplers of
/// `Diffusion` need fewer steps.
public struct GenerativeDynamics: Sendable, Hashable {
  /// The clock.
  public let clock: VariancePreservingClock
  /// Steps from the start to time 0, of equal length.
  public let steps: Int

  /// The dynamics of a clock in a number of steps.
  public init(clock: VariancePreservingClock = .init(), steps: Int = 600) {
    precondition(steps > 0, "at least one step")
    self.clock = clock
    self.steps = steps
  }

  /// Carries states from a time to the clean data, one evaluation of the denoiser a step.
  ///
  /// - Parameters:
  ///   - states: Rows at `time`.
  ///   - time: The forward time, above 0.
  ///   - denoiser: The denoiser of the data.
  ///   - noise: The standard normals of a step, of the shape of `states`.
  public func states(
    from states: Tensor, at time: Double, denoiser: any Denoiser, noise: (Int) throws -> Tensor
  ) throws -> Tensor {
    let length = time / Double(steps)
    var x = states
    for step in 0..<steps {
      let now = time - Double(step) * length
      let level = clock.level(at: now)
      let rate = clock.beta(at: now) * length
      let pull = rate / (level.sigma * level.sigma)
      let prediction = try denoiser.prediction(x, at: level)
      let (own, output) = prediction.denoisedCoefficients
      x = .combination([
        (1 + rate / 2 - pull + pull * level.alpha * own, x), (pull * level.alpha * output, prediction.output),
        (rate.squareRoot(), try noise(step)),
      ])
    }
    return x
  }
}
