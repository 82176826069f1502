/// Where the steps of a run lie: a rule that turns a number of steps into a plan.
///
/// ```swift
/// struct Halving: SamplingGrid {
///   func plan(
///     steps: Int, startingAt timestep: Int?, on schedule: NoiseSchedule, sampler: any Sampler
///   ) throws(SamplerError) -> SamplingPlan {
///     let top = try schedule.start(timestep).karrasSigma
///     let levels = (0..<steps).map { schedule.level(atKarrasSigma: top / Double(1 << $0)) }
///     return SamplingPlan(levels: levels + [.clean], sampler: sampler)
///   }
/// }
/// ```
public protocol SamplingGrid: Sendable {
  /// The plan of a run.
  ///
  /// - Parameters:
  ///   - steps: Steps of the run.
  ///   - timestep: The training step whose level a late start begins at, or nil for a whole run from the prior.
  ///   - schedule: The noise levels of the model's training steps.
  ///   - sampler: What says which order each step may take; see ``SamplingPlan``.
  /// - Throws: ``SamplerError/steps(_:reason:)`` if the number of steps does not fit, and
  ///   ``SamplerError/start(timestep:last:)`` if the schedule has no such start.
  func plan(
    steps: Int, startingAt timestep: Int?, on schedule: NoiseSchedule, sampler: any Sampler
  ) throws(SamplerError) -> SamplingPlan
}

extension SamplerError {
  /// The most steps of a run: many times those of any method, and few enough that a plan of them is no matter of time or memory.
  ///
  /// Grids that visit whole training steps have at most those of the model.
  public static let largestSteps = 10_000

  /// Checks the number of a run's steps before anything is planned.
  ///
  /// - Throws: ``steps(_:reason:)`` unless they are 1 to ``largestSteps``.
  public static func check(steps: Int) throws(SamplerError) {
    guard steps >= 1 else { throw .steps(steps, reason: "a run has at least one step") }
    guard steps <= largestSteps else { throw .steps(steps, reason: "a run has at most \(largestSteps) steps") }
  }
}

extension NoiseSchedule {
  /// The level that a run begins at: that of a training step, or the last for a run from the prior.
  ///
  /// - Throws: ``SamplerError/start(timestep:last:)`` unless a run may begin there: at 1 or more, ``last`` at most.
  public func start(_ timestep: Int?) throws(SamplerError) -> NoiseLevel {
    guard let timestep else { return level(at: last) }
    guard (1...max(1, last)).contains(timestep) else { throw .start(timestep: timestep, last: last) }
    return level(at: timestep)
  }
}
