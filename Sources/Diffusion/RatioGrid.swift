import Foundation

/// Steps between noise-to-signal ratios, for the samplers that work in `sigma / alpha` or its logarithm.
struct RatioGrid: SamplingGrid {
  /// Which training steps the spacing rule is asked for.
  enum Points: Sendable {
    /// As many as steps, from the last training step to the first.
    case inclusive
    /// One more than steps, of which the last is left out.
    case exclusive
  }

  /// How ratios are spread between their ends.
  enum Shape: Sendable {
    /// Where the spacing rule puts the training steps.
    case trainingSteps
    /// Evenly in `ratio^(1/7)` (Karras and others 2022, equation 5).
    case karras
    /// Evenly in the logarithm of the ratio.
    case exponential
    /// By the quantiles of a beta distribution with both parameters 0.6 (Lee and others 2024).
    case beta
    /// Evenly in the logarithm between ends rounded to 32 bits (Lu and others 2022, uniform in lambda).
    case lambda
    /// Evenly in the logarithm over one step more than asked for, the last ending at the first training step.
    case logarithmic
  }

  /// What comes after the last ratio.
  enum End: Sendable {
    /// The clean data.
    case clean
    /// The ratio of the first training step.
    case firstStep
    /// The last ratio again, a step that changes nothing.
    case last
  }

  /// How the fractional training step of a ratio is rounded before the network sees it.
  enum Rounding: Sendable { case none, nearest, down }

  let schedule: NoiseSchedule
  var spacing = TimestepSpacing.linspace
  var offset = 0
  var points = Points.exclusive
  var shape = Shape.trainingSteps
  var end = End.clean
  var rounding = Rounding.none
  /// Training steps at the noisy end that are left out.
  var clippedSteps = 0
  /// Whether a shape spreads ratios between those of the spaced training steps, rather than over the whole table.
  var shapesSpacedRange = false
  /// Ends of the shaped range that replace those of the table.
  var smallest: Double?
  var largest: Double?
  /// Whether the network is conditioned on `log(ratio) / 4` rather than on a training step.
  var conditionsOnLogarithm = false
  /// Whether the method's own states are `x / alpha`, begun from noise of the largest ratio.
  var isVarianceExploding = false

  func plan(steps: Int, sampler: any Sampler) throws(SamplerError) -> SamplingPlan {
    let timesteps = try timesteps(steps, count: schedule.count, isLate: false)
    let levels = try levels(timesteps, steps, top: nil)
    return plan(levels, sampler, initialScale: isVarianceExploding && spacing != .leading ? levels[0].sigma : 1)
  }

  func plan(steps: Int, startingAt timestep: Int, sampler: any Sampler) throws(SamplerError) -> SamplingPlan {
    try schedule.checkStart(timestep)
    let timesteps = try timesteps(steps, count: timestep + 1, isLate: true)
    return plan(try levels(timesteps, steps, top: timestep), sampler, initialScale: 1)
  }

  private func plan(_ levels: [NoiseLevel], _ sampler: any Sampler, initialScale: Double) -> SamplingPlan {
    let finalAlpha = levels.last?.alpha ?? 1
    return SamplingPlan(
      levels: levels, sampler: sampler, initialScale: initialScale,
      finalScale: isVarianceExploding ? 1 / finalAlpha : 1)
  }

  /// The training steps that the spacing rule gives for the first `count` of them, falling.
  ///
  /// A late start begins at the last of them, whatever the rule: the leading stride is then counted from there.
  private func timesteps(_ steps: Int, count: Int, isLate: Bool) throws(SamplerError) -> [Double] {
    guard steps >= 1 else { throw .steps(steps, "a run has at least one step") }
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
    guard shape != .trainingSteps || repetitions <= 1 else {
      throw .steps(steps, "a \(spacing.rawValue) grid over \(last) training steps would visit some of them twice")
    }
    return result
  }

  /// The levels of a run, its end included.
  private func levels(_ timesteps: [Double], _ steps: Int, top: Int?) throws(SamplerError) -> [NoiseLevel] {
    let spaced = timesteps.map(schedule.ratio(at:))
    var ratios = shaped(spaced, steps, top: top)
    var timesteps = timesteps
    if shape != .trainingSteps && shape != .logarithmic {
      timesteps = ratios.map(schedule.timestep(atRatio:))
      if let top { timesteps[0] = Double(top) }
    }
    switch end {
    // diffusers stops one short of the end it appends here, unless every ratio has a training step of its own.
    case _ where shape == .logarithmic && !conditionsOnLogarithm: break
    case .clean: ratios.append(0)
    case .firstStep: ratios.append(Double(schedule.ratio(at: 0)))
    case .last: ratios.append(ratios[ratios.count - 1])
    }
    let levels = ratios.enumerated().map { index, ratio in
      let ratio = Double(Float(ratio))
      guard index < ratios.count - 1 else { return ratio == 0 ? .clean : NoiseLevel(ratio: ratio, timestep: 0) }
      return NoiseLevel(ratio: ratio, timestep: conditioning(timesteps[min(index, timesteps.count - 1)], ratio))
    }
    return levels
  }

  /// What the network is conditioned on.
  private func conditioning(_ timestep: Double, _ ratio: Double) -> Double {
    if conditionsOnLogarithm { return Double(Float(0.25 * log(ratio))) }
    return switch rounding {
    case .none: Double(Float(timestep))
    case .nearest: timestep.rounded(.toNearestOrEven)
    case .down: timestep.rounded(.down)
    }
  }

  /// The ratios of the steps' beginnings; one more for the logarithmic shape.
  private func shaped(_ spaced: [Double], _ steps: Int, top: Int?) -> [Double] {
    let ends: (high: Double, low: Double) =
      shapesSpacedRange
      ? (spaced[0], spaced[spaced.count - 1])
      : (Double(schedule.ratio(at: top ?? schedule.last)), Double(schedule.ratio(at: 0)))
    var (high, low) = ends
    if shape != .logarithmic {
      if let largest, top == nil { high = largest }
      if let smallest { low = smallest }
    }
    switch shape {
    case .trainingSteps:
      return spaced
    case .karras:
      let (start, end) = (pow(high, 1 / 7.0), pow(low, 1 / 7.0))
      return TimestepSpacing.evenlySpaced(from: 0, to: 1, count: steps).map { pow(start + $0 * (end - start), 7) }
    case .exponential:
      return TimestepSpacing.evenlySpaced(from: log(high), to: log(low), count: steps).map { exp($0) }
    case .beta:
      return TimestepSpacing.evenlySpaced(from: 0, to: 1, count: steps).map {
        low + BetaDistribution(0.6, 0.6).quantile(1 - $0) * (high - low)
      }
    case .lambda:
      let (start, end) = (Double(Float(high).tableLogarithm), Double(Float(low).tableLogarithm))
      return TimestepSpacing.evenlySpaced(from: 0, to: 1, count: steps).map { exp(start + $0 * (end - start)) }
    case .logarithmic:
      let (start, end) = (Double(Float(high).tableLogarithm), Double(Float(low).tableLogarithm))
      return TimestepSpacing.evenlySpaced(from: start, to: end, count: steps + 1).map { exp($0) }
    }
  }
}
