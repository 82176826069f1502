public import Diffusion

/// The training step at which a late start from the Gaussian loses least, from denoising errors alone, without any sample.
///
/// ```
/// cost(s, n) = weight KL(s) + D(s, n)        s <= crossover
/// ```
///
/// `KL` is what the Gaussian misses at the start, which no later step corrects; `D` what n steps from there to the detail miss, which
/// they partly do: hence the weight. See ``DenoisingCurve``. The least cost is flat, so that an interval goes with it.
public struct StartTime: Sendable {
  /// What counts for how much.
  public struct Rule: Sendable, Hashable, Codable {
    /// The signal-to-noise ratio from which on nothing counts: finer detail than `sigma = alpha / sqrt(detail)` does not decide what
    /// is drawn.
    public var detail = 4.0
    /// The weight of an error of the start beside one of a step.
    public var weight = 20.0

    /// The details that can be asked for.
    public static let details = 0.01...1e6
    /// The weights that can be asked for.
    public static let weights = 0.0...1e6

    /// The defaults: detail finer than half the signal does not count, and an error of the start counts twenty times.
    public init() {}
  }

  /// What one start costs, in nats.
  public struct Cost: Sendable, Hashable {
    /// The training step.
    public var start: Int
    /// The weighted divergence of the noised data from the Gaussian.
    public var divergence: Double
    /// The error of the steps.
    public var discretization: Double

    /// Both together.
    public var sum: Double { divergence + discretization }
  }

  /// A start and those that are nearly as good.
  public struct Choice: Sendable, Hashable {
    /// The training step of least cost.
    public var start: Int
    /// The lowest and the highest training step whose cost is at most a tenth above the least.
    public var interval: ClosedRange<Int>
  }

  /// The denoising errors.
  public let curve: DenoisingCurve
  /// The noise levels of the training steps.
  public let schedule: NoiseSchedule
  /// What counts for how much.
  public let rule: Rule
  /// The training step above which the Gaussian predicts the clean data better than the denoiser does, or nil where it does everywhere.
  ///
  /// No run starts above it.
  public let crossover: Int?

  /// The start times of a curve.
  public init(_ curve: DenoisingCurve, on schedule: NoiseSchedule, rule: Rule = .init()) {
    self.curve = curve
    self.schedule = schedule
    self.rule = rule
    crossover = curve.crossover(detail: rule.detail).map { ratio in
      Int(schedule.timestep(atKarrasSigma: 1 / ratio.squareRoot()).rounded())
    }
  }

  /// Training steps at which a run may start, rising: about a hundred evenly spaced ones, up to the crossover and with less signal than
  /// the detail.
  public var candidates: [Int] {
    guard let crossover else { return [] }
    let spacing = max(1, (schedule.count + 50) / 100)
    return stride(from: spacing, through: crossover, by: spacing)
      .filter { schedule.level(at: $0).signalToNoise < rule.detail }
  }

  /// The training steps between which classes are decided, where guidance is worth its evaluations; nil without a ``crossover``.
  ///
  /// Above the crossover a state says no more than the Gaussian does, and below the detail everything that counts is decided.
  public var guidanceInterval: ClosedRange<Int>? {
    guard let crossover,
      let low = (0...crossover).first(where: { schedule.level(at: $0).signalToNoise < rule.detail })
    else { return nil }
    return low...crossover
  }

  /// The costs of all ``candidates`` for a number of steps on a scheduler's own grid; without those whose grid does not take so many.
  public func costs(steps: Int, _ scheduler: Scheduler) -> [Cost] {
    candidates.compactMap { start in
      guard let plan = try? scheduler.plan(steps: steps, startingAt: start) else { return nil }
      return Cost(
        start: start, divergence: rule.weight * curve.divergence(at: schedule.level(at: start).signalToNoise),
        discretization: curve.discretization(visiting: plan.evaluated.map(\.signalToNoise), detail: rule.detail))
    }
  }

  /// The start of least cost, or nil if there is no start for so many steps.
  public func choice(steps: Int, _ scheduler: Scheduler) -> Choice? {
    let costs = costs(steps: steps, scheduler)
    guard let best = costs.min(by: { $0.sum < $1.sum }) else { return nil }
    let near = costs.filter { $0.sum <= 1.1 * best.sum }.map(\.start)
    return Choice(start: best.start, interval: (near.min() ?? best.start)...(near.max() ?? best.start))
  }
}

extension SamplingPlan {
  /// The levels at which a run evaluates the denoiser, those within steps among them, each named once.
  var evaluated: Set<NoiseLevel> { Set(steps.flatMap { [$0.from] + $0.inner }) }
}
