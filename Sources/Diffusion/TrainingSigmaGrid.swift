/// The sigmas of spaced training steps, for the samplers that work in Karras' sigma or its logarithm.
///
/// A step begins at every training step that ``spacing`` names, and the last one ends at the clean data. A late start spreads
/// its steps below its training step by the same rule.
public struct TrainingSigmaGrid: SamplingGrid, Hashable {
  /// The range of training steps that the spacing rule covers.
  public enum Points: Sendable, Hashable {
    /// As many as steps, from the last training step to the first, both included, possibly between two of them.
    ///
    /// As k-diffusion does for Euler, Heun and LMS.
    case inclusive
    /// One more than the steps of the run, in whole training steps; the last, closest to the data, is left out.
    ///
    /// As the authors of DPM-Solver do.
    case exclusive
  }

  /// How the steps are spread.
  public let spacing: TimestepSpacing
  /// An offset of the training steps of the `leading` rule, diffusers' `steps_offset`.
  public let offset: Int
  /// The range of training steps that the spacing rule covers.
  public let points: Points
  /// Whether the last step ends at the clean data, rather than at the level of training step 0.
  public let endsClean: Bool

  /// A grid of any spacing but `quadratic`, which indexes a table.
  public init(
    _ spacing: TimestepSpacing = .linspace, offset: Int = 0, points: Points = .exclusive, endsClean: Bool = true
  ) {
    precondition(spacing != .quadratic, "quadratic spacing is that of a TrainingStepGrid")
    self.spacing = spacing
    self.offset = offset
    self.points = points
    self.endsClean = endsClean
  }

  /// The plan of a run.
  public func plan(
    steps: Int, startingAt timestep: Int?, on schedule: NoiseSchedule, sampler: any Sampler
  ) throws(SamplerError) -> SamplingPlan {
    _ = try schedule.start(timestep)
    let timesteps = try timesteps(
      steps, count: timestep.map { $0 + 1 } ?? schedule.count, isLate: timestep != nil)
    guard let first = timesteps.first, first <= Double(schedule.last) else {
      throw .steps(steps, reason: "with steps_offset \(offset) they go past the last training step \(schedule.last)")
    }
    let end = endsClean ? NoiseLevel.clean : schedule.level(at: 0)
    return SamplingPlan(levels: timesteps.map { schedule.level(at: $0) } + [end], sampler: sampler)
  }

  /// The training steps that the spacing rule gives for the first `count` of them, falling.
  ///
  /// A late start begins at the last of them, whatever the rule: the leading stride is then counted from there.
  package func timesteps(
    _ steps: Int, count: Int, isLate: Bool, clipped clippedSteps: Int = 0, mayRepeat: Bool = false
  ) throws(SamplerError) -> [Double] {
    try SamplerError.check(steps: steps)
    let last = isLate ? count : count - clippedSteps
    let pointCount = points == .inclusive ? steps : steps + 1
    let result: [Double]
    switch spacing {
    case _ where isLate && steps == 1:
      result = [Double(count - 1)]
    case .linspace, .quadratic:
      let all = TimestepSpacing.evenlySpaced(from: 0, to: Double(last - 1), count: pointCount).reversed()
      result =
        points == .inclusive
        ? all.map { Double(Float($0)) } : all.dropLast().map { $0.rounded(.toNearestOrEven) }
    case .leading:
      let stride = last / pointCount
      result =
        isLate
        ? (0..<steps).map { Double(count - 1 - $0 * stride) }
        : (pointCount - steps..<pointCount).reversed().map { Double($0 * stride + offset) }
    case .trailing:
      result = TimestepSpacing.falling(from: Double(last), by: Double(count) / Double(steps))
        .map { $0.rounded(.toNearestOrEven) - 1 }.filter { $0 >= 0 }
    }
    // One repetition, as where there is a step a training step, is a step of no length; a stride of zero is an error.
    let repetitions = zip(result, result.dropFirst()).filter { $0 <= $1 }.count
    guard mayRepeat || repetitions <= 1 else {
      throw .steps(
        steps, reason: "a \(spacing.rawValue) grid over \(last) training steps would visit some of them twice")
    }
    return result
  }
}
