import Diffusion
import Foundation

/// The steps of diffusers' schedulers that work in Karras' sigma, `sigma / alpha`, or its logarithm, with all that is peculiar
/// to them: sigmas and training steps of 32 bits, rounded conditioning, ends that repeat.
///
/// ``SigmaGrid`` and ``TrainingSigmaGrid`` are the same rules without the peculiarities.
struct DiffusersSigmaGrid: SamplingGrid {
  /// How sigmas are spread between their ends.
  enum Shape: Sendable, Hashable {
    /// Where the spacing rule puts the training steps.
    case trainingSteps
    /// By a formula.
    case ramp(SigmaRamp)
    /// Evenly in the logarithm between ends rounded to 32 bits (Lu and others 2022, uniform in lambda).
    case lambda
    /// Evenly in the logarithm over one step more than asked for, the last ending at the first training step.
    case logarithmic

    var isKarras: Bool { self == .ramp(.karras(rho: 7)) }
  }

  /// What comes after the last sigma.
  enum End: Sendable {
    /// The clean data.
    case clean
    /// The sigma of the first training step.
    case firstStep
    /// The last sigma again, a step that changes nothing.
    case last
  }

  /// How the fractional training step of a sigma is rounded before the network sees it.
  enum Rounding: Sendable { case none, nearest, down }

  /// The training steps that are spaced.
  var points: TrainingSigmaGrid
  var shape = Shape.trainingSteps
  var end = End.clean
  var rounding = Rounding.none
  /// Training steps at the noisy end that are left out.
  var clippedSteps = 0
  /// Whether a shape spreads sigmas between those of the spaced training steps, rather than over the whole table.
  var shapesSpacedRange = false
  /// Ends of the shaped range that replace those of the table.
  var smallest: Double?
  var largest: Double?
  /// Whether the network is conditioned on `log(sigma) / 4` rather than on a training step.
  var conditionsOnLogarithm = false
  /// Whether the method's own states are `x / alpha`, begun from noise of the largest sigma.
  var isVarianceExploding = false

  func plan(
    steps: Int, startingAt timestep: Int?, on schedule: NoiseSchedule, sampler: any Sampler
  ) throws(SamplerError) -> SamplingPlan {
    _ = try schedule.start(timestep)
    let timesteps = try points.timesteps(
      steps, count: timestep.map { $0 + 1 } ?? schedule.count, isLate: timestep != nil, clipped: clippedSteps,
      mayRepeat: shape != .trainingSteps)
    let levels = levels(timesteps, steps, top: timestep, on: schedule)
    let isScaled = timestep == nil && isVarianceExploding && points.spacing != .leading
    return plan(levels, sampler, initialScale: isScaled ? levels[0].sigma : 1)
  }

  private func plan(_ levels: [NoiseLevel], _ sampler: any Sampler, initialScale: Double) -> SamplingPlan {
    let finalAlpha = levels.last?.alpha ?? 1
    return SamplingPlan(
      levels: levels, sampler: sampler, initialScale: initialScale,
      finalScale: isVarianceExploding ? 1 / finalAlpha : 1)
  }

  /// The levels of a run, its end included.
  private func levels(
    _ timesteps: [Double], _ steps: Int, top: Int?, on schedule: NoiseSchedule
  ) -> [NoiseLevel] {
    let spaced = timesteps.map { schedule.karrasSigma(at: $0) }
    var sigmas = shaped(spaced, steps, top: top, on: schedule)
    var timesteps = timesteps
    if shape != .trainingSteps && shape != .logarithmic {
      timesteps = sigmas.map(schedule.tableTimestep(atSigma:))
      if let top { timesteps[0] = Double(top) }
    }
    switch end {
    // diffusers stops one short of the end it appends here, unless every sigma has a training step of its own.
    case _ where shape == .logarithmic && !conditionsOnLogarithm: break
    case .clean: sigmas.append(0)
    case .firstStep: sigmas.append(Double(schedule.karrasSigma(at: 0)))
    case .last: sigmas.append(sigmas[sigmas.count - 1])
    }
    let levels = sigmas.enumerated().map { index, sigma in
      let sigma = Double(Float(sigma))
      guard index < sigmas.count - 1 else { return sigma == 0 ? .clean : NoiseLevel(karrasSigma: sigma, timestep: 0) }
      return NoiseLevel(karrasSigma: sigma, timestep: conditioning(timesteps[min(index, timesteps.count - 1)], sigma))
    }
    return levels
  }

  /// What the network is conditioned on.
  private func conditioning(_ timestep: Double, _ sigma: Double) -> Double {
    if conditionsOnLogarithm { return Double(Float(0.25 * log(sigma))) }
    return switch rounding {
    case .none: Double(Float(timestep))
    case .nearest: timestep.rounded(.toNearestOrEven)
    case .down: timestep.rounded(.down)
    }
  }

  /// The sigmas of the steps' beginnings; one more for the logarithmic shape.
  private func shaped(
    _ spaced: [Double], _ steps: Int, top: Int?, on schedule: NoiseSchedule
  ) -> [Double] {
    let ends: (high: Double, low: Double) =
      shapesSpacedRange
      ? (spaced[0], spaced[spaced.count - 1])
      : (Double(schedule.karrasSigma(at: top ?? schedule.last)), Double(schedule.karrasSigma(at: 0)))
    var (high, low) = ends
    if shape != .logarithmic {
      if let largest, top == nil { high = largest }
      if let smallest { low = smallest }
    }
    switch shape {
    case .trainingSteps:
      return spaced
    case .ramp(let ramp):
      return ramp.sigmas(from: high, to: low, count: steps)
    case .lambda:
      let (start, end) = (Double(Float(high).tableLogarithm), Double(Float(low).tableLogarithm))
      return TimestepSpacing.evenlySpaced(from: 0, to: 1, count: steps).map { exp(start + $0 * (end - start)) }
    case .logarithmic:
      let (start, end) = (Double(Float(high).tableLogarithm), Double(Float(low).tableLogarithm))
      return TimestepSpacing.evenlySpaced(from: start, to: end, count: steps + 1).map { exp($0) }
    }
  }
}
