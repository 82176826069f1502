public import Compute
public import Datasets
public import Tensors

/// A training run in memory: a task, its optimiser and the number of steps done.
///
/// What a step does is a function of the settings, the data and the step's number; so a run that goes on from a checkpoint
/// goes on bit for bit on the same device.
public final class Trainer {
  /// The report of a step.
  public struct Report: Sendable {
    /// Steps done, this one included.
    public let step: Int
    /// The loss before the step.
    public let loss: Double
    /// The norm of the gradients, before clipping.
    public let gradientNorm: Double
    /// The learning rate.
    public let learningRate: Double
  }

  /// What is trained.
  public let task: any TrainingTask
  /// How.
  public let settings: TrainingSettings
  /// The device.
  public let backend: any Backend
  /// Steps done.
  public internal(set) var step = 0

  let optimizer: AdamOptimizer

  /// A run before its first step.
  ///
  /// - Throws: ``TrainingError`` if the backend stores gradients in half precision, of which most would be zero.
  public init(_ task: any TrainingTask, _ settings: TrainingSettings, _ shape: ImageShape, on backend: any Backend)
    throws
  {
    guard backend.featureMapPrecision != .float16 else { throw TrainingError.precision(.float16) }
    self.task = task
    self.settings = settings
    self.backend = backend
    optimizer = try AdamOptimizer(task, shape, on: backend)
  }

  /// Does one step with the batch of that step.
  ///
  /// - Throws: ``TrainingError`` if the loss or a gradient is not finite; the weights are then those before the step.
  public func advance(_ batch: TrainingBatch) throws -> Report {
    let seeds = (0..<UInt64(batch.indices.count)).map { settings.seed &+ 0x5EED_0000_0000 &+ $0 }
    let tape = Tape(
      on: backend, dropout: .init(seeds: seeds, step: UInt32(step)), checkpointsBlocks: settings.checkpointsBlocks)
    let loss = try task.takeGradients(of: batch, step: step, tape)
    let norm = try optimizer.norm(of: tape.gradients)
    guard loss.isFinite, norm.isFinite else {
      throw TrainingError.diverged(step: step + 1, loss: loss, gradientNorm: norm)
    }
    let learningRate = settings.learningRate(at: step)
    let scale = settings.clipNorm.map { norm > $0 ? $0 / norm : 1 } ?? 1
    optimizer.advance(
      tape.gradients,
      AdamStep(
        learningRate: learningRate, beta1: settings.beta1, beta2: settings.beta2, epsilon: settings.epsilon,
        weightDecay: settings.weightDecay, count: step + 1, gradientScale: scale,
        emaDecay: settings.emaDecay(at: step)))
    step += 1
    return Report(step: step, loss: loss, gradientNorm: norm, learningRate: learningRate)
  }

  /// Does something with the EMA weights in the network, and puts the weights back.
  public func withEMA<Result>(_ body: () throws -> Result) throws -> Result {
    optimizer.publish(.averages)
    let result = Swift.Result { try body() }
    optimizer.publish(.weights)
    return try result.get()
  }
}
