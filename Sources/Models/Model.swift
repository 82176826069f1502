public import Compute
public import Diffusion
public import DiffusersFormat
public import Evaluation
import Files
package import Instruments
public import Networks
public import Tensors

/// A network with its scheduler and the statistics of its training data.
public struct Model: DiffusionModel {
  /// What messages call the model.
  public let name: String
  /// The network.
  public let network: any DenoisingNetwork
  /// The scheduler of the model directory, or nil if it holds none.
  public let scheduler: SchedulerConfiguration?
  /// Warnings: what was ignored in the files, one line each.
  public let warnings: [String]
  /// The statistics of the data, read when they are first asked for; nil if there are none.
  public var statistics: StatisticsSource?

  private let weights: [MappedFile]
  private let lateStartFile: MappedFile?

  /// Loads a model directory.
  ///
  /// - Throws: `FileError` if its files are missing, damaged or do not fit each other.
  public init(_ directory: ModelDirectory) throws {
    let loaded = try directory.unet()
    name = directory.path
    network = loaded.network
    warnings = loaded.warnings
    weights = loaded.weights
    scheduler = try directory.scheduler()
    statistics = try directory.statistics().map { .file($0) }
    lateStartFile = try directory.lateStart()
  }

  /// Loads a model directory in any of the forms that `ModelDirectory` reads.
  ///
  /// - Parameters:
  ///   - path: A folder, or a `.safetensors` file.
  ///   - variant: The variant of the weights, such as `fp16`.
  public init(_ path: String, variant: String? = nil) throws {
    try self.init(ModelDirectory(path, variant: variant))
  }

  /// A model whose parts are there already.
  public init(
    name: String, network: any DenoisingNetwork, scheduler: SchedulerConfiguration?, statistics: ImageStatistics? = nil
  ) {
    self.name = name
    self.network = network
    self.scheduler = scheduler
    self.statistics = statistics.map { .values($0) }
    warnings = []
    weights = []
    lateStartFile = nil
  }

  /// Rows of the network's table of classes.
  public var classCount: Int? { network.classCount }

  /// The size of the images that the model was trained on, or nil if its configuration does not say.
  public var imageShape: ImageShape? { network.sampleSize.map(imageShape) }

  /// The extents of the model's images at a size.
  public func imageShape(_ size: ImageSize) -> ImageShape {
    ImageShape(channels: network.inputChannels, height: size.height, width: size.width)
  }

  /// The extents at a size, or at the size of the training images.
  public func sampleShape(_ size: ImageSize?) throws -> ImageShape {
    guard let shape = size.map(imageShape) ?? imageShape else { throw ModelError.noSampleSize(model: name) }
    return shape
  }

  /// The sampler of a run, by the rules of diffusers.
  public func scheduler(
    _ choice: SamplerChoice, _ options: SchedulerOptions, clipSample: Bool
  ) throws -> ChosenScheduler {
    try choice.scheduler(for: scheduler, options, clipSample: clipSample, model: name)
  }

  /// Whether the network takes such images and labels.
  public func check(_ condition: SamplingCondition, _ shape: ImageShape) throws {
    guard condition.guidance == 1 || network.classCount != nil else { throw ModelError.noGuidance(model: name) }
    do throws(NetworkError) {
      try network.checkInput(
        shape: [condition.labels?.count ?? 1, shape.channels, shape.height, shape.width], timesteps: [1],
        classLabels: condition.labels)
    } catch {
      throw ModelError.input(model: name, fault: "\(error)", isLabelled: condition.classLabels != nil)
    }
  }

  /// The statistics of the data on a device.
  public func gaussian(_ shape: ImageShape, on backend: any Backend) throws -> GaussianStatistics? {
    try statistics?.gaussian(shape, on: backend)
  }

  /// The statistics of the data's classes.
  public func classStatistics(_ shape: ImageShape) throws -> ClassStatistics? {
    try statistics?.classStatistics(shape)
  }

  /// The images that the statistics are of.
  public func dataCount() throws -> Int? { try statistics?.summary().count }

  /// The network as a denoiser.
  public func denoiser(
    _ condition: SamplingCondition, _ parametrization: Parametrization, on backend: any Backend
  ) -> any Denoiser {
    NetworkDenoiser(
      network, parametrization, classLabels: condition.labels, guidance: condition.guidance,
      guidanceInterval: condition.guidanceInterval)
  }

  /// The memory of an evaluation, found out by evaluating the network on a backend that only counts.
  ///
  /// Memory grows linearly with the batch, so that two counts give it for every batch. With guidance each sample is two rows
  /// of a batch.
  public func memory(
    _ shape: ImageShape, _ condition: SamplingCondition, on backend: any Backend
  ) throws -> SamplingMemory {
    let one = try network.planned(shape, batch: 1, on: backend)
    let two = try network.planned(shape, batch: 2, on: backend)
    let perRow = two.memoryUse.peak - one.memoryUse.peak
    return SamplingMemory(
      fixedBytes: max(0, one.memoryUse.peak - perRow) + one.preparedBytes,
      bytesPerSample: condition.guidance == 1 ? perRow : 2 * perRow)
  }

  /// The memory of an evaluation that a tape records and goes back through, found out as that of sampling is.
  public func gradientMemory(
    _ shape: ImageShape, _ condition: SamplingCondition, on backend: any Backend
  ) throws -> SamplingMemory {
    let plans = try (1...2).map { batch in
      let plan = PlanningBackend(for: backend), extents = [batch, shape.channels, shape.height, shape.width]
      let x = Tensor(plan.makeBuffer(count: extents.reduce(1, *)), shape: extents, on: plan)
      let denoiser = NetworkDenoiser(network, .epsilon, classLabels: network.exampleLabel)
      let level = NoiseLevel(karrasSigma: 1, timestep: 1)
      _ = try denoiser.differentiablePrediction(x, at: level).denoisedPullback(of: x)
      return plan
    }
    let perRow = plans[1].memoryUse.peak - plans[0].memoryUse.peak
    return SamplingMemory(
      fixedBytes: max(0, plans[0].memoryUse.peak - perRow) + plans[0].preparedBytes, bytesPerSample: perRow)
  }

  /// The fit that lies in the model directory.
  ///
  /// - Throws: `FileError` if it is of other weights, noise levels or statistics than the model's.
  public func lateStartFit() throws -> LateStartFit? {
    guard let lateStartFile else { return nil }
    let fit = try LateStartFit(lateStartFile), path = lateStartFile.path
    guard fit.weights == fingerprints() else {
      throw FileError(path, "was fitted to other weights than those of \(name); fit it again")
    }
    let chosen = try scheduler(.named(.ddim), .init(), clipSample: true)
    guard fit.fits(chosen.scheduler.schedule) else {
      throw FileError(path, "was fitted to other noise levels than those of \(name); fit it again")
    }
    if let digest = fit.statistics, let file = statistics?.file, file.sha256 != digest {
      throw FileError(path, "was fitted with other statistics than \(file.path); fit it again")
    }
    return fit
  }

  /// SHA-256 of each file of weights.
  public func fingerprints() -> [String: String] {
    Dictionary(uniqueKeysWithValues: weights.map { ($0.name, $0.sha256) })
  }
}

extension DenoisingNetwork {
  /// A backend that has counted one evaluation.
  ///
  /// - Parameters:
  ///   - shape: The images' extents.
  ///   - batch: Images of the evaluation.
  ///   - backend: Whose layouts and methods count; nil for four bytes a value.
  /// - Throws: `NetworkError` if the network does not take such images.
  package func planned(
    _ shape: ImageShape, batch: Int, on backend: (any Backend)?
  ) throws(NetworkError) -> PlanningBackend {
    let plan = backend.map { PlanningBackend(for: $0) } ?? PlanningBackend()
    let extents = [batch, shape.channels, shape.height, shape.width]
    let x = Tensor(plan.makeBuffer(count: extents.reduce(1, *)), shape: extents, on: plan)
    _ = try self(x, timesteps: [1], classLabels: exampleLabel)
    return plan
  }
}
