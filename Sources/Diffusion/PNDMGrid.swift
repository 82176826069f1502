/// The grid of PNDM: three Runge-Kutta steps or one step of two evaluations, then multistep ones (Liu and others 2022).
public struct PNDMGrid: SamplingGrid, Hashable {
  /// Whether the Runge-Kutta steps are left out, for one step of two evaluations.
  public let skipsRungeKutta: Bool
  private let points: TrainingStepGrid

  /// A grid; the parameters but one are those of ``TrainingStepGrid``.
  public init(
    _ spacing: TimestepSpacing = .leading, offset: Int = 0, skipsRungeKutta: Bool = false, endsClean: Bool = false
  ) {
    points = TrainingStepGrid(spacing, offset: offset, endsClean: endsClean)
    self.skipsRungeKutta = skipsRungeKutta
  }

  /// The plan of a run: of whole training steps, as those of ``TrainingStepGrid``.
  public func plan(
    steps: Int, startingAt timestep: Int?, on schedule: NoiseSchedule, sampler: any Sampler
  ) throws(SamplerError) -> SamplingPlan {
    let pairs =
      if let timestep {
        latePairs(try points.timesteps(steps, startingAt: timestep, of: schedule), on: schedule)
      } else {
        pairs(try points.timesteps(steps, of: schedule), stride: schedule.count / steps, on: schedule)
      }
    return SamplingPlan(pairs: pairs, sampler: sampler)
  }

  /// Steps that go down by a fixed stride, as in the published algorithm, also where the grid's next step is elsewhere.
  private func pairs(_ timesteps: [Int], stride: Int, on schedule: NoiseSchedule) -> [StepLevels] {
    let end = points.end(of: schedule)
    let level = { (timestep: Int) in
      timestep < 0 ? end : schedule.level(at: min(timestep, schedule.last))
    }
    return timesteps.indices.map { index in
      let timestep = timesteps[index]
      let next = index + 1 < timesteps.count ? timesteps[index + 1] : nil
      var pair = StepLevels(from: level(timestep), to: level(timestep - stride))
      if skipsRungeKutta, index == 0, let next {
        pair.to = level(next)
        pair.inner = [level(timestep - stride), level(next + stride)]
      } else if !skipsRungeKutta && index < 3 {
        let middle = next.map { $0 + stride / 2 } ?? timestep - stride / 2
        pair.to = next.map(level) ?? end
        pair.inner = [level(timestep - stride / 2), level(max(0, middle)), level(next ?? max(0, timestep - stride))]
      }
      return pair
    }
  }

  /// Steps from each training step of a late start to the next.
  private func latePairs(_ timesteps: [Int], on schedule: NoiseSchedule) -> [StepLevels] {
    let level = schedule.level(at:) as (Int) -> NoiseLevel
    return timesteps.indices.map { index in
      let next = index + 1 < timesteps.count ? timesteps[index + 1] : nil
      var pair = StepLevels(from: level(timesteps[index]), to: next.map(level) ?? .clean)
      if skipsRungeKutta, index == 0, next != nil {
        pair.inner = [pair.to, pair.from]
      } else if !skipsRungeKutta && index < 3 {
        let middle = level((timesteps[index] + (next ?? 0)) / 2)
        pair.inner = [middle, middle, level(next ?? 0)]
      }
      return pair
    }
  }
}
