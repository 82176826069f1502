public import Communication
public import Compute
public import Datasets
public import Tensors

/// A training run in memory: a task, its optimiser and the number of steps done.
///
/// What a step does is a function of the settings, the data and the step's number; so a run that goes on from a checkpoint
/// goes on bit for bit on the same device. The batch is done in ``TrainingSettings/parts``, which the ranks of a run share out; their
/// gradients are added in an order that the number of ranks does not change.
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
    /// Whether some rank asked to stop.
    public let stops: Bool
    /// Seconds in which ranks exchanged losses and gradients, and waited for each other.
    public let exchangeSeconds: Double
  }

  /// What is trained.
  public let task: any TrainingTask
  /// How.
  public let settings: TrainingSettings
  /// The device.
  public let backend: any Backend
  /// The ranks that do the parts of a batch, this one among them.
  public let communicator: any Communicator
  /// Steps done.
  public internal(set) var step = 0

  let optimizer: AdamOptimizer

  /// A run before its first step.
  ///
  /// - Throws: ``TrainingError`` if the backend stores gradients in half precision, of which most would be zero, or the ranks cannot
  ///   share the parts of a batch.
  public init(
    _ task: any TrainingTask, _ settings: TrainingSettings, _ shape: ImageShape, on backend: any Backend,
    _ communicator: any Communicator = SingleProcess()
  ) throws {
    guard settings.parts % communicator.size == 0 else {
      throw TrainingError.ranks(communicator.size, parts: settings.parts)
    }
    guard backend.featureMapPrecision != .float16 else { throw TrainingError.precision(.float16) }
    self.task = task
    self.settings = settings
    self.backend = backend
    self.communicator = communicator
    optimizer = try AdamOptimizer(task, shape, on: backend)
  }

  /// Does one step with the batch of that step; all ranks are given the same one.
  ///
  /// - Parameters:
  ///   - batch: The images.
  ///   - wantsStop: Asked when this rank's gradients are there; every rank's report says whether one wanted to.
  /// - Throws: ``TrainingError`` if the loss or a gradient is not finite; the weights are then those before the step.
  public func advance(_ batch: TrainingBatch, wantsStop: () -> Bool = { false }) throws -> Report {
    let own = try takeGradients(of: batch)
    if communicator.size > 1 { try backend.synchronize() }
    let start = ContinuousClock.now
    let shared = communicator.gathered([wantsStop() ? 1 : 0] + own.losses)
    let loss = task.loss(of: shared.flatMap { $0.dropFirst() }, step: step)
    let gradients = try own.tree.total(of: optimizer.entries.map(\.parameter), communicator, on: backend)
    let exchange = (ContinuousClock.now - start).inSeconds
    let norm = try optimizer.norm(of: gradients)
    guard loss.isFinite, norm.isFinite else {
      throw TrainingError.diverged(step: step + 1, loss: loss, gradientNorm: norm)
    }
    let learningRate = settings.learningRate(at: step)
    let scale = settings.clipNorm.map { norm > $0 ? $0 / norm : 1 } ?? 1
    optimizer.advance(
      gradients,
      AdamStep(
        learningRate: learningRate, beta1: settings.beta1, beta2: settings.beta2, epsilon: settings.epsilon,
        weightDecay: settings.weightDecay, count: step + 1, gradientScale: scale,
        emaDecay: settings.emaDecay(at: step)))
    step += 1
    return Report(
      step: step, loss: loss, gradientNorm: norm, learningRate: learningRate,
      stops: shared.contains { $0.first == 1 }, exchangeSeconds: communicator.size > 1 ? exchange : 0)
  }

  /// The losses of this rank's parts of a batch, and their gradients.
  private func takeGradients(of batch: TrainingBatch) throws -> (losses: [Double], tree: GradientTree) {
    let parts = settings.parts / communicator.size
    var losses: [Double] = [], tree = GradientTree()
    for part in communicator.rank * parts..<(communicator.rank + 1) * parts {
      let batch = batch.part(part, of: settings.parts)
      let seeds = batch.places.map { settings.seed &+ 0x5EED_0000_0000 &+ UInt64($0) }
      let tape = Tape(
        on: backend, dropout: .init(seeds: seeds, step: UInt32(step)), checkpointsBlocks: settings.checkpointsBlocks)
      losses += try task.takeGradients(of: batch, step: step, tape)
      tree.add(tape.gradients)
    }
    return (losses, tree)
  }

  /// Does something with the EMA weights in the network, and puts the weights back.
  public func withEMA<Result>(_ body: () throws -> Result) throws -> Result {
    optimizer.publish(.averages)
    let result = Swift.Result { try body() }
    optimizer.publish(.weights)
    return try result.get()
  }
}
