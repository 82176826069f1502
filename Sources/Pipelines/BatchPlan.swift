import Compute
import Files
import Models
import Tensors
import Training

/// The batch size of sampling: the largest that fits into memory, up to the size beyond which larger ones are no faster.
enum BatchPlan {
  /// Beyond these a larger batch gains less than one in twenty and answers Ctrl-C later.
  private static let worthwhile: [DeviceKind: Int] = [.cpu: 16, .gpu: 128, .accelerator: 64]

  /// The batch of a run.
  ///
  /// What samplers keep beside the model (states, earlier estimates, noise) is at most twelve buffers of the samples' size;
  /// `startBytes` is what the Gaussians of a late start take.
  ///
  /// - Throws: ``PipelineError`` if not even one sample, or not the batch that was asked for, fits.
  static func batch(
    for model: any DiffusionModel, _ shape: ImageShape, _ settings: SamplingSettings, startBytes: Int = 0,
    on backend: any Backend
  ) throws -> Int {
    try batch(
      model.memory(shape, settings.condition, on: backend), shape, settings, startBytes: startBytes, on: backend)
  }

  /// The batch of a run that takes so much memory beside what ``batch(for:_:_:startBytes:on:)`` counts.
  static func batch(
    _ memory: SamplingMemory, _ shape: ImageShape, _ settings: SamplingSettings, startBytes: Int = 0,
    on backend: any Backend
  ) throws(PipelineError) -> Int {
    let fixed = memory.fixedBytes + startBytes + scratchBytes(on: backend)
    let perSample = max(1, memory.bytesPerSample + 12 * 4 * shape.count)
    let available = backend.memoryBudget, count = settings.seeds.count
    let fitting = (available - fixed) / perSample
    guard fitting >= 1 else { throw PipelineError.memory(available: available, needed: fixed + perSample) }
    if let batch = settings.batch {
      guard batch <= fitting || batch > count && count <= fitting else {
        throw PipelineError.batch(
          batch, needed: Self.bytes(fixed, perSample, batch), available: available, fitting: fitting)
      }
      return min(batch, count)
    }
    return min(count, fitting, memory.worthwhileBatch ?? worthwhile[backend.device.kind] ?? 16)
  }

  /// Checks that a step of a training fits into the device's memory.
  ///
  /// - Throws: ``PipelineError`` if not even one image, or not the batch, fits.
  static func check(_ batch: Int, _ memory: TrainingMemory, on backend: any Backend) throws(PipelineError) {
    let fixed = memory.fixedBytes + scratchBytes(on: backend), available = backend.memoryBudget
    let fitting = (available - fixed) / memory.bytesPerImage
    guard fitting >= 1 else { throw .memory(available: available, needed: fixed + memory.bytesPerImage) }
    guard batch <= fitting else {
      throw .batch(
        batch, needed: bytes(fixed, memory.bytesPerImage, batch), available: available, fitting: fitting)
    }
  }

  /// Bytes of a batch, or the largest number where they pass it.
  private static func bytes(_ fixed: Int, _ each: Int, _ batch: Int) -> Int {
    guard let bytes = product(of: [each, batch]), bytes <= .max - fixed else { return .max }
    return fixed + bytes
  }

  /// Scratch of all threads together, or of launches on a graphics processor, which take up to a 16th of the budget.
  private static func scratchBytes(on backend: any Backend) -> Int {
    let onThreads = 8_000_000
    return backend.device.kind == .cpu ? onThreads : max(onThreads, min(64_000_000, backend.memoryBudget / 16))
  }
}
