public import Tensors

/// An update rule that takes a state from one noise level to a cleaner one with the help of a denoiser.
///
/// A sampler is a value that holds its settings and nothing of a run; what a multistep method keeps from step to step
/// lives in a ``SamplerState``. States are always variance-preserving, `x = alpha x0 + sigma eps`, whatever scaling the
/// method was published in, so that denoisers, previews and late starts are the same for all samplers.
public protocol Sampler: Sendable {
  /// The order of convergence on a smooth problem, in a run of at least 15 steps.
  ///
  /// Of the error of each sample for methods that follow the flow, and of the error of the samples' mean and variance (the
  /// weak order) for those that add noise.
  var order: Int { get }

  /// The limit that the method keeps its estimates of the clean data within; none unless a sampler says otherwise.
  var limit: DenoisedLimit { get }

  /// The noise that is added before each step; none unless a sampler says otherwise.
  ///
  /// ``Scheduler`` puts the raised level of each step among its inner ones.
  var churn: Churn { get }

  /// The highest order that step `index` of a grid of `count` steps may take.
  func order(ofStep index: Int, of count: Int) -> Int

  /// Takes one step.
  ///
  /// - Parameters:
  ///   - x: The state at `step.from`, rows being independent samples.
  ///   - step: The levels, and what the grid knows about the step.
  ///   - denoiser: The denoiser, evaluated once or more.
  ///   - noise: The normals of this step; drawn only where something is added.
  ///   - state: What the method keeps; a fresh value before the first step.
  func step(
    _ x: Tensor, _ step: SamplingStep, denoiser: any Denoiser, noise: StepNoise, state: inout SamplerState
  ) throws -> SamplerUpdate
}

extension Sampler {
  /// No limit.
  public var limit: DenoisedLimit { .none }

  /// No churn.
  public var churn: Churn { .none }

  /// ``order``, at every step.
  public func order(ofStep index: Int, of count: Int) -> Int { order }
}

/// What a multistep method keeps from step to step.
public struct SamplerState {
  /// Past evaluations in the form that the method stores, newest first.
  public var values: [Tensor] = []
  /// The state of the samples from which a step of several stages began.
  public var anchor: Tensor?
  /// The order of the last step.
  public var order = 0

  /// The state of a method before its first step.
  public init() {}

  /// Puts a value before the others and forgets all but the newest `limit`.
  public mutating func remember(_ value: Tensor, limit: Int) {
    values.insert(value, at: 0)
    values.removeLast(max(0, values.count - limit))
  }
}

/// The result of one step.
public struct SamplerUpdate {
  /// The state at the level at which the step ends.
  public let x: Tensor
  /// The evaluation at the beginning of the step.
  public let prediction: Prediction
  private let limited: Tensor?

  /// The result of a step.
  ///
  /// - Parameters:
  ///   - x: The state at the end of the step.
  ///   - prediction: The evaluation at the beginning of the step.
  ///   - limited: The estimate of the clean data after a limit, or nil if the prediction's own was used.
  public init(_ x: Tensor, _ prediction: Prediction, limited: Tensor? = nil) {
    self.x = x
    self.prediction = prediction
    self.limited = limited
  }

  /// The estimate of the clean data at the beginning of the step, from the evaluation that was made there.
  public var denoised: Tensor { limited ?? prediction.denoised }
}

/// The normals of one step of a run.
public struct StepNoise {
  private let source: any NoiseSource
  private let step: Int

  /// The normals of step `step` of a source.
  public init(_ source: any NoiseSource, step: Int) {
    self.source = source
    self.step = step
  }

  /// The standard normals of one draw.
  public func normals(draw: Int = 0) throws -> Tensor {
    try source.stepNoise(step: step, draw: draw)
  }
}
