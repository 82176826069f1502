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
  /// Heun's and Euler's methods: noise that is added before each step.
  public var churn: Churn

  private enum CodingKeys: String, CodingKey {
    case eta
    case usesLimitedNoise = "uses_limited_noise"
    case usesGridSteps = "uses_grid_steps"
    case churn
  }

  /// The defaults of diffusers.
  public init(
    eta: Double = 0, usesLimitedNoise: Bool = false, usesGridSteps: Bool = false, churn: Churn = .none
  ) {
    self.eta = eta
    self.usesLimitedNoise = usesLimitedNoise
    self.usesGridSteps = usesGridSteps
    self.churn = churn
  }

  /// Reads options; those that are not there have the defaults.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    self.init(
      eta: try container.decode(Double.self, forKey: .eta),
      usesLimitedNoise: try container.decode(Bool.self, forKey: .usesLimitedNoise),
      usesGridSteps: try container.decode(Bool.self, forKey: .usesGridSteps),
      churn: try container.decodeIfPresent(Churn.self, forKey: .churn) ?? .none)
  }

  /// Writes what ``init(from:)`` reads; churn only where there is some.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(eta, forKey: .eta)
    try container.encode(usesLimitedNoise, forKey: .usesLimitedNoise)
    try container.encode(usesGridSteps, forKey: .usesGridSteps)
    if churn != .none { try container.encode(churn, forKey: .churn) }
  }
}
