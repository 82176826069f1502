public import Tensors

/// A run of a sampler, step by step: the one loop of the project.
///
/// ```swift
/// var run = try SamplingRun(plan, sampler: sampler, denoiser: denoiser, noise: noise)
/// while let state = try run.next() {
///   print(state.index, state.evaluations)   // previews, progress and early stops stand here
/// }
/// let samples = run.x
/// ```
public struct SamplingRun {
  /// The steps of the run.
  public let plan: SamplingPlan
  /// The state after the last step taken, or the start; variance-preserving, except that the very last state is
  /// multiplied by the plan's ``SamplingPlan/finalScale``.
  public private(set) var x: Tensor
  private let sampler: any Sampler
  private let denoiser: CountingDenoiser
  private let noise: any NoiseSource
  private var samplerState = SamplerState()
  private var taken = 0

  /// A run that begins with the source's initial noise, scaled as the plan says, or with a given state.
  ///
  /// - Parameters:
  ///   - plan: The steps.
  ///   - sampler: The update rule.
  ///   - denoiser: The denoiser to evaluate.
  ///   - noise: The normals that the run begins with and those that its steps add.
  ///   - x: The state at the plan's first level, for a late start or a noised sample.
  public init(
    _ plan: SamplingPlan, sampler: any Sampler, denoiser: any Denoiser, noise: any NoiseSource, from x: Tensor? = nil
  ) throws {
    self.plan = plan
    self.sampler = sampler
    self.denoiser = CountingDenoiser(denoiser)
    self.noise = noise
    if let x {
      self.x = x
    } else {
      let normals = try noise.initialNoise()
      self.x = plan.initialScale == 1 ? normals : normals.scaled(by: plan.initialScale)
    }
  }

  /// Evaluations of the denoiser so far (NFE).
  public var evaluations: Int { denoiser.evaluations }

  /// Takes the next step; nil when there is none left.
  public mutating func next() throws -> SamplingState? {
    guard taken < plan.steps.count else { return nil }
    let step = plan.steps[taken]
    let update = try sampler.step(
      x, step, denoiser: denoiser, noise: StepNoise(noise, step: step.index), state: &samplerState)
    taken += 1
    let ends = taken == plan.steps.count && plan.finalScale != 1
    x = ends ? update.x.scaled(by: plan.finalScale) : update.x
    return SamplingState(index: taken - 1, step: step, x: x, update: update, evaluations: evaluations)
  }

  /// Takes all steps that are left and returns the result.
  public mutating func finish() throws -> Tensor {
    while try next() != nil {}
    return x
  }
}

/// Where a run stands after a step.
public struct SamplingState {
  /// The place of the step in the run, from zero.
  public let index: Int
  /// The step that was taken.
  public let step: SamplingStep
  /// The state after the step.
  public let x: Tensor
  private let update: SamplerUpdate
  /// Evaluations of the denoiser so far (NFE).
  public let evaluations: Int

  init(index: Int, step: SamplingStep, x: Tensor, update: SamplerUpdate, evaluations: Int) {
    self.index = index
    self.step = step
    self.x = x
    self.update = update
    self.evaluations = evaluations
  }

  /// The evaluation at the beginning of the step, as the denoiser gave it; costs no evaluation.
  public var prediction: Prediction { update.prediction }

  /// The estimate of the clean data at the beginning of the step, for previews; costs no evaluation.
  public var denoised: Tensor { update.denoised }
}
