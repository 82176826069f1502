/// The options that diffusers takes as arguments of a call, not from the configuration of a model.
public struct SchedulerOptions: Sendable, Hashable, Codable {
  /// DDIM: how much of DDPM's noise is added, 0 for none and 1 for all of it.
  public var eta: Double
  /// DDIM: whether the noise is derived again from the limited estimate of the clean data.
  public var usesLimitedNoise: Bool
  /// DDIM: whether each step ends where the next begins.
  ///
  /// Without it steps go down by a fixed stride as in diffusers, which
  /// disagrees with `linspace` and `trailing` grids unless the number of steps divides that of the training steps.
  public var usesGridSteps: Bool

  private enum CodingKeys: String, CodingKey {
    case eta
    case usesLimitedNoise = "uses_limited_noise"
    case usesGridSteps = "uses_grid_steps"
  }

  /// The defaults of diffusers.
  public init(eta: Double = 0, usesLimitedNoise: Bool = false, usesGridSteps: Bool = false) {
    self.eta = eta
    self.usesLimitedNoise = usesLimitedNoise
    self.usesGridSteps = usesGridSteps
  }
}
