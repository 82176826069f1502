/// Where the steps of a run lie: a rule that turns a number of steps into a plan.
protocol SamplingGrid: Sendable {
  /// The plan of a whole run.
  func plan(steps: Int, sampler: any Sampler) throws(SamplerError) -> SamplingPlan

  /// The plan of a run that begins at a training step.
  func plan(steps: Int, startingAt timestep: Int, sampler: any Sampler) throws(SamplerError) -> SamplingPlan
}

/// Steps between training steps of a discrete model, for the samplers that index its table.
struct TrainingStepGrid: Sendable {
  let schedule: NoiseSchedule
  let spacing: TimestepSpacing
  let offset: Int

  /// The training steps of a whole run, falling.
  func timesteps(_ steps: Int) throws(SamplerError) -> [Int] {
    let count = schedule.count
    guard steps >= 1 else { throw .steps(steps, "a run has at least one step") }
    guard steps <= count else { throw .steps(steps, "the model has only \(count) training steps") }
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
    return try checked(result, steps)
  }

  /// The paper's grid of a late start: `linspace(0, T, n)` truncated to integers, both ends included, falling
  /// (Raya and Ambrogioni 2023); a single step begins at `T`.
  func timesteps(_ steps: Int, startingAt top: Int) throws(SamplerError) -> [Int] {
    guard steps >= 1 else { throw .steps(steps, "a run has at least one step") }
    try schedule.checkStart(top)
    guard steps > 1 else { return [top] }
    let end = spacing == .quadratic ? Double(top).squareRoot() : Double(top)
    let points = TimestepSpacing.evenlySpaced(from: 0, to: end, count: steps).dropLast()
    return try checked([top] + points.reversed().map { Int(spacing == .quadratic ? $0 * $0 : $0) }, steps)
  }

  private func checked(_ timesteps: [Int], _ steps: Int) throws(SamplerError) -> [Int] {
    guard let top = timesteps.first, top <= schedule.last else {
      throw .steps(steps, "with steps_offset \(offset) they go past the last training step \(schedule.last)")
    }
    guard zip(timesteps, timesteps.dropFirst()).allSatisfy({ $0 > $1 }) else {
      throw .steps(steps, "a \(spacing.rawValue) grid below training step \(top) would visit one of them twice")
    }
    return timesteps
  }
}

extension NoiseSchedule {
  /// Throws unless a run may begin at a training step.
  func checkStart(_ timestep: Int) throws(SamplerError) {
    guard (1...max(1, last)).contains(timestep) else {
      throw SamplerError("a start at training step \(timestep) is not within 1...\(last)")
    }
  }
}

/// The grid of DDPM and DDIM: from each training step to the next of the list, or by a fixed stride.
struct DiscreteGrid: SamplingGrid {
  let points: TrainingStepGrid
  /// Whether each step goes down by a fixed stride, as DDIM does in diffusers, even where the next one begins elsewhere.
  let usesFixedStride: Bool
  /// The level after the last training step of a whole run.
  let end: NoiseLevel

  func plan(steps: Int, sampler: any Sampler) throws(SamplerError) -> SamplingPlan {
    let timesteps = try points.timesteps(steps)
    let schedule = points.schedule
    guard usesFixedStride else { return plan(timesteps, end: end, sampler) }
    let stride = schedule.count / steps
    let pairs = timesteps.map { timestep in
      StepLevels(
        from: schedule.level(at: timestep), to: timestep >= stride ? schedule.level(at: timestep - stride) : end)
    }
    return SamplingPlan(pairs: pairs, sampler: sampler)
  }

  func plan(steps: Int, startingAt timestep: Int, sampler: any Sampler) throws(SamplerError) -> SamplingPlan {
    plan(try points.timesteps(steps, startingAt: timestep), end: .clean, sampler)
  }

  private func plan(_ timesteps: [Int], end: NoiseLevel, _ sampler: any Sampler) -> SamplingPlan {
    SamplingPlan(levels: timesteps.map(points.schedule.level(at:)) + [end], sampler: sampler)
  }
}

/// The grid of PNDM: three Runge-Kutta steps or one step of two evaluations, then multistep ones.
struct PNDMGrid: SamplingGrid {
  let points: TrainingStepGrid
  /// Whether the Runge-Kutta steps are left out.
  let skipsRungeKutta: Bool
  /// The level after the last training step of a whole run.
  let end: NoiseLevel

  func plan(steps: Int, sampler: any Sampler) throws(SamplerError) -> SamplingPlan {
    let timesteps = try points.timesteps(steps)
    let schedule = points.schedule
    let stride = schedule.count / steps
    let level = { (timestep: Int) in
      timestep < 0 ? end : schedule.level(at: min(timestep, schedule.last))
    }
    let pairs = timesteps.indices.map { index in
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
    return SamplingPlan(pairs: pairs, sampler: sampler)
  }

  func plan(steps: Int, startingAt timestep: Int, sampler: any Sampler) throws(SamplerError) -> SamplingPlan {
    let timesteps = try points.timesteps(steps, startingAt: timestep)
    let level = points.schedule.level(at:) as (Int) -> NoiseLevel
    let pairs = timesteps.indices.map { index in
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
    return SamplingPlan(pairs: pairs, sampler: sampler)
  }
}
