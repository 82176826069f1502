import Compute
import Datasets
import Networks
import Tensors

/// How many images are sampled together: as many as fit into memory, as far as more of them pay.
enum BatchPlan {
  /// Beyond these a larger batch gains less than one in twenty and answers Ctrl-C later.
  private static let worthwhile: [DeviceKind: Int] = [.cpu: 16, .gpu: 128, .accelerator: 64]

  /// The batch of a run.
  ///
  /// Memory grows linearly with the batch, so that two counts give it for every batch. What samplers keep beside the network
  /// (states, earlier estimates, noise) is at most twelve buffers of the images' size.
  ///
  /// - Throws: If not even one image, or not the batch that was asked for, fits.
  static func batch(
    for network: UNet, _ shape: ImageShape, _ settings: SamplingSettings, on backend: any Backend
  ) throws -> Int {
    let one = try ModelSummary(of: network, shape, batch: 1, on: backend)
    let two = try ModelSummary(of: network, shape, batch: 2, on: backend)
    let states = 12 * 4 * shape.count
    let perImage = two.activationBytes - one.activationBytes + states
    let fixed = max(0, one.activationBytes - perImage) + one.preparedBytes + scratchBytes(on: backend)
    return try batch(settings, fixedBytes: fixed, bytesPerImage: perImage, on: backend)
  }

  /// The batch of a run with the exact score of a data set, which keeps the images and, for each sample, a logit and a
  /// probability of every image.
  static func batch(
    for data: ImageSet, _ settings: SamplingSettings, on backend: any Backend
  ) throws -> Int {
    let perImage = 4 * (2 * data.count + 14 * data.shape.count)
    let fixed = 4 * (data.count * data.shape.count + 2 * data.count) + scratchBytes(on: backend)
    return try batch(settings, fixedBytes: fixed, bytesPerImage: perImage, worthwhile: 128, on: backend)
  }

  private static func batch(
    _ settings: SamplingSettings, fixedBytes fixed: Int, bytesPerImage perImage: Int, worthwhile most: Int? = nil,
    on backend: any Backend
  ) throws -> Int {
    let available = backend.memoryBudget
    let fitting = (available - fixed) / perImage
    guard fitting >= 1 else {
      throw PipelineError(
        "--max-memory: \(MemorySize(bytes: available)) are too little; one image takes about "
          + "\(MemorySize(bytes: fixed + perImage))")
    }
    if let batch = settings.batch {
      guard batch <= fitting || batch > settings.seeds.count && settings.seeds.count <= fitting else {
        throw PipelineError(
          "--batch \(batch): takes about \(MemorySize(bytes: fixed + batch * perImage)); "
            + "\(MemorySize(bytes: available)) hold \(fitting)")
      }
      return min(batch, settings.seeds.count)
    }
    return min(settings.seeds.count, fitting, most ?? worthwhile[backend.device.kind] ?? 16)
  }

  /// Scratch of all threads together, or of launches on a graphics processor, which take up to a 16th of the budget.
  private static func scratchBytes(on backend: any Backend) -> Int {
    let onThreads = 8_000_000
    return backend.device.kind == .cpu ? onThreads : max(onThreads, min(64_000_000, backend.memoryBudget / 16))
  }
}
