public import Compute
public import Datasets
public import Diffusion
public import DiffusersFormat
public import Evaluation
public import Tensors

/// A data set as a model: its exact score, the posterior mean over all its images.
///
/// The denoiser of a finite set of data (Raya and Ambrogioni 2023); samples end on images of the set, which is what a
/// network that had learned it by heart would do.
public struct EmpiricalModel: DiffusionModel {
  /// What messages call the model.
  public let name: String
  /// The images.
  public let images: ImageSet
  /// The scheduler whose noise levels are sampled, or nil for DDPM's defaults.
  public let scheduler: SchedulerConfiguration?
  /// Statistics that take the place of the images' own, or nil.
  public var statistics: StatisticsSource?

  /// The exact score of some images.
  public init(_ images: ImageSet, scheduler: SchedulerConfiguration? = nil, statistics: StatisticsSource? = nil) {
    name = "the exact score of \(images.path)"
    self.images = images
    self.scheduler = scheduler
    self.statistics = statistics
  }

  /// The sampler of a run, by the rules of diffusers.
  public func scheduler(
    _ choice: SamplerChoice, _ options: SchedulerOptions, clipSample: Bool
  ) throws -> ChosenScheduler {
    try choice.scheduler(for: scheduler, options, clipSample: clipSample, model: name)
  }

  /// The images' own extents.
  public func sampleShape(_ size: ImageSize?) throws -> ImageShape {
    let shape = images.shape
    guard size.map({ $0 == shape.size }) ?? true else { throw ModelError.sampleSize(model: images.path, own: shape) }
    return shape
  }

  /// The score is that of all images, whatever their class.
  public func check(_ condition: SamplingCondition, _ shape: ImageShape) throws {
    guard condition.classLabels == nil else { throw ModelError.noClasses(model: name) }
    guard condition.guidance == 1 else { throw ModelError.noGuidance(model: name) }
  }

  /// The images' mean and covariance.
  public func gaussian(_ shape: ImageShape, on backend: any Backend) throws -> GaussianStatistics? {
    if let statistics { return try statistics.gaussian(shape, on: backend) }
    return try ImageStatistics(of: images.source()).gaussian(on: backend)
  }

  /// The statistics of the images' classes, if they have labels.
  public func classStatistics(_ shape: ImageShape) throws -> ClassStatistics? {
    if let statistics { return try statistics.classStatistics(shape) }
    guard let labels = images.labels.last else { return nil }
    let counts = try ImageStatisticsCollector.classCounts(of: labels, path: images.path)
    var collector = ImageStatisticsCollector(shape: images.shape, count: images.count, classCounts: counts)
    try collector.add(images.source(), labels: labels)
    return collector.classStatistics()
  }

  /// The images.
  public func dataCount() -> Int? { images.count }

  /// Two products with all images an evaluation.
  public func denoiser(
    _ condition: SamplingCondition, _ parametrization: Parametrization, on backend: any Backend
  ) -> any Denoiser {
    GaussianMixtureDenoiser(centres: images.values, dimension: images.shape.count, on: backend)
  }

  /// The images, and for each sample a logit and a probability of every image.
  public func memory(
    _ shape: ImageShape, _ condition: SamplingCondition, on backend: any Backend
  ) -> SamplingMemory {
    SamplingMemory(
      fixedBytes: 4 * (images.count * shape.count + 2 * images.count),
      bytesPerSample: 4 * (2 * images.count + 2 * shape.count), worthwhileBatch: 128)
  }

  /// SHA-256 of the images' values.
  public func fingerprints() -> [String: String] { ["images": images.sha256] }
}
