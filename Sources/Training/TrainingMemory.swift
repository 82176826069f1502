public import Compute
public import Datasets
import Instruments
import Tensors

/// The memory of a step of training, which grows linearly with the batch.
public struct TrainingMemory: Sendable, Hashable {
  /// Bytes whatever the batch: weights, moments, gradients.
  public let fixedBytes: Int
  /// Bytes of each image.
  public let bytesPerImage: Int

  /// Batches on the host at once: those made ahead, the one being made and the one in use.
  private static let batchesOnHost = 6

  /// Values of the images of a planned batch, which the host holds.
  private static let plannedValues = 2_000_000

  /// Finds out what a step takes by doing it on a backend that only counts.
  ///
  /// - Parameters:
  ///   - task: The task; its state is what it was afterwards.
  ///   - settings: How it is trained.
  ///   - data: The images.
  ///   - backend: Whose layouts and methods count.
  /// - Throws: An error of the network if it does not take such images.
  public init(
    _ task: any TrainingTask, _ settings: TrainingSettings, _ data: ImageSet, on backend: any Backend
  ) throws {
    // In small batches the gradients of the weights outweigh the activations and hide how these grow.
    let batch = max(1, min(1024, Self.plannedValues / data.shape.count))
    let one = try Self.planned(task, settings, data, batch: batch, backend)
    let two = try Self.planned(task, settings, data, batch: 2 * batch, backend)
    let perImage = max(0, two.peak - one.peak) / batch
    // Parts are done one after the other, and each level of their tree keeps a sum.
    let levels = settings.parts.trailingZeroBitCount
    let gradientBytes = 4 * task.parameters.reduce(0) { $0 + $1.parameter.count }
    fixedBytes = max(0, one.peak - batch * perImage) + one.prepared + levels * gradientBytes
    let onHost = backend.device.kind == .cpu ? Self.batchesOnHost * 4 * data.shape.count : 0
    bytesPerImage = max(1, (perImage + settings.parts - 1) / settings.parts + onHost)
  }

  private static func planned(
    _ task: any TrainingTask, _ settings: TrainingSettings, _ data: ImageSet, batch: Int, _ backend: any Backend
  ) throws -> (peak: Int, prepared: Int) {
    let plan = PlanningBackend(for: backend), state = task.state
    let trainer = try Trainer(task, settings, data.shape, on: plan)
    let images = TrainingBatch(
      images: .init(repeating: 0, count: batch * data.shape.count), shape: data.shape,
      labels: data.labels.map { _ in .init(repeating: 0, count: batch) }, indices: .init(0..<batch))
    let tape = Tape(
      on: plan, dropout: .init(seeds: (0..<UInt64(batch)).map { $0 }, step: 0),
      checkpointsBlocks: settings.checkpointsBlocks)
    _ = try withExtendedLifetime(trainer) { try task.takeGradients(of: images, step: 0, tape) }
    try task.restore(state)
    return (plan.memoryUse.peak, plan.preparedBytes)
  }
}
