/// From each of some training steps to the next, for the samplers that index a discrete model's table (DDPM, DDIM).
///
/// A late start takes the paper's grid: `linspace(0, T, n)` truncated to integers, both ends included, and a last step to the
/// clean data (Raya and Ambrogioni 2023).
public struct TrainingStepGrid: SamplingGrid, Hashable {
  /// How the steps of a run from the prior are spread.
  public let spacing: TimestepSpacing
  /// An offset of the training steps of the `leading` rule, diffusers' `steps_offset`.
  public let offset: Int
  /// Whether a run from the prior ends at the clean data, rather than at the level of training step 0.
  public let endsClean: Bool

  /// A grid.
  public init(_ spacing: TimestepSpacing = .leading, offset: Int = 0, endsClean: Bool = true) {
    self.spacing = spacing
    self.offset = offset
    self.endsClean = endsClean
  }

  /// The plan of a run through whole training steps, no more than the model has.
  public func plan(
    steps: Int, startingAt timestep: Int?, on schedule: NoiseSchedule, sampler: any Sampler
  ) throws(SamplerError) -> SamplingPlan {
    let (timesteps, end) =
      if let timestep {
        (try self.timesteps(steps, startingAt: timestep, of: schedule), NoiseLevel.clean)
      } else {
        (try self.timesteps(steps, of: schedule), self.end(of: schedule))
      }
    return SamplingPlan(levels: timesteps.map(schedule.level(at:)) + [end], sampler: sampler)
  }

  /// The level after the last training step of a whole run.
  package func end(of schedule: NoiseSchedule) -> NoiseLevel { endsClean ? .clean : schedule.level(at: 0) }

  /// The training steps of a whole run, falling.
  package func timesteps(_ steps: Int, of schedule: NoiseSchedule) throws(SamplerError) -> [Int] {
    let count = schedule.count
    try SamplerError.check(steps: steps)
    guard steps <= count else { throw .steps(steps, reason: "the model has only \(count) training steps") }
    let result: [Int]
    switch spacing {
    case .linspace:
      result = TimestepSpacing.evenlySpaced(from: 0, to: Double(count - 1), count: steps)
        .reversed().map { Int($0.rounded(.toNearestOrEven)) }
    case .leading:
      result = (0..<steps).reversed().map { $0 * (count / steps) + offset }
    case .trailing:
      result = TimestepSpacing.falling(from: Double(count), by: Double(count) / Double(steps))
        .map { Int($0.rounded(.toNearestOrEven)) - 1 }.filter { $0 >= 0 }
    case .quadratic:
      result = TimestepSpacing.evenlySpaced(from: 0, to: (0.8 * Double(count)).squareRoot(), count: steps)
        .reversed().map { Int($0 * $0) }
    }
    return try checked(result, steps, schedule)
  }

  /// The paper's grid of a late start: `linspace(0, T, n)` truncated to integers, both ends included, falling
  /// (Raya and Ambrogioni 2023); a single step begins at `T`.
  func timesteps(_ steps: Int, startingAt top: Int, of schedule: NoiseSchedule) throws(SamplerError) -> [Int] {
    try SamplerError.check(steps: steps)
    _ = try schedule.start(top)
    guard steps > 1 else { return [top] }
    let end = spacing == .quadratic ? Double(top).squareRoot() : Double(top)
    let points = TimestepSpacing.evenlySpaced(from: 0, to: end, count: steps).dropLast()
    return try checked([top] + points.reversed().map { Int(spacing == .quadratic ? $0 * $0 : $0) }, steps, schedule)
  }

  private func checked(_ timesteps: [Int], _ steps: Int, _ schedule: NoiseSchedule) throws(SamplerError) -> [Int] {
    guard let top = timesteps.first, top <= schedule.last else {
      throw .steps(steps, reason: "with steps_offset \(offset) they go past the last training step \(schedule.last)")
    }
    guard zip(timesteps, timesteps.dropFirst()).allSatisfy({ $0 > $1 }) else {
      throw .steps(steps, reason: "a \(spacing.rawValue) grid below training step \(top) would visit one of them twice")
    }
    return timesteps
  }
}
