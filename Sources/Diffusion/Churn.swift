import Tensors

/// Fresh noise before each step of a method that follows the flow (Karras and others 2022, algorithm 2).
///
/// ```
/// gamma = min(amount / steps, sqrt(2) - 1) where sigma is within the range, and 0 elsewhere
/// raised = (1 + gamma) sigma
/// x / alpha <- x / alpha + sqrt(raised^2 - sigma^2) noise n
/// ```
///
/// The step then goes from the raised sigma. `S_churn`, `S_min`, `S_max` and `S_noise` in the paper.
public struct Churn: Sendable, Hashable {
  /// How much is added in a whole run, not negative; 0 for nothing.
  public var amount: Double
  /// The sigmas where it is added.
  public var sigmas: ClosedRange<Double>
  /// The factor of the noise, a little above 1 where a network removes too much of it.
  public var noise: Double

  /// Churn; by default none.
  public init(amount: Double = 0, sigmas: ClosedRange<Double> = 0 ... .infinity, noise: Double = 1) {
    precondition(amount >= 0, "the amount of churn is \(amount); it is not negative")
    self.amount = amount
    self.sigmas = sigmas
    self.noise = noise
  }

  /// No churn.
  public static let none = Churn()

  /// The sigma that a step of a run begins at.
  public func raised(_ sigma: Double, steps: Int) -> Double {
    guard sigmas.contains(sigma) else { return sigma }
    return sigma * (1 + min(amount / Double(steps), 2.0.squareRoot() - 1))
  }

  /// The state at the raised level that a step names, and that level; as they are where the step names none.
  func applied(to x: Tensor, _ step: SamplingStep, _ noise: StepNoise) throws -> (x: Tensor, from: NoiseLevel) {
    guard let raised = step.inner.first else { return (x, step.from) }
    let (low, high) = (step.from.karrasSigma, raised.karrasSigma)
    let added = raised.alpha * max(0, high * high - low * low).squareRoot() * self.noise
    return (.combination([(raised.alpha / step.from.alpha, x), (added, try noise.normals())]), raised)
  }
}

extension Churn: Codable {
  private enum CodingKeys: String, CodingKey {
    case amount, from, to, noise
  }

  /// Reads churn; without an upper end it is added at every sigma above the lower.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    let amount = try container.decode(Double.self, forKey: .amount)
    let low = try container.decode(Double.self, forKey: .from)
    let high = try container.decodeIfPresent(Double.self, forKey: .to) ?? .infinity
    guard amount >= 0, low <= high else {
      throw DecodingError.dataCorruptedError(
        forKey: .amount, in: container, debugDescription: "churn \(amount) from \(low) to \(high) is none")
    }
    self.init(amount: amount, sigmas: low...high, noise: try container.decode(Double.self, forKey: .noise))
  }

  /// Writes what ``init(from:)`` reads.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(amount, forKey: .amount)
    try container.encode(sigmas.lowerBound, forKey: .from)
    if sigmas.upperBound.isFinite { try container.encode(sigmas.upperBound, forKey: .to) }
    try container.encode(noise, forKey: .noise)
  }
}

extension SamplingPlan {
  /// The same plan with the raised level of each step among its inner ones.
  ///
  /// - Parameters:
  ///   - churn: How much noise is added.
  ///   - schedule: What says which training step a sigma belongs to.
  func churned(by churn: Churn, on schedule: NoiseSchedule) -> SamplingPlan {
    guard churn.amount > 0 else { return self }
    var plan = self
    plan.steps = steps.map { step in
      let sigma = step.from.karrasSigma, raised = churn.raised(sigma, steps: steps.count)
      let level = schedule.level(atKarrasSigma: raised)
      guard level.karrasSigma > sigma else { return step }
      return SamplingStep(
        index: step.index, from: step.from, to: step.to, order: step.order, previous: step.previous, inner: [level])
    }
    return plan
  }
}
