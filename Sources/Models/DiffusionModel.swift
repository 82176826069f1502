public import Compute
public import Diffusion
public import Evaluation
public import Tensors

/// Anything that a pipeline samples from: a trained network, the exact score of a data set, or an exact world.
///
/// A model knows what it was trained with, how large its samples are, what it costs and how to make a denoiser on a device;
/// how it is sampled is the pipeline's business.
public protocol DiffusionModel {
  /// What messages and records call the model.
  var name: String { get }
  /// Warnings: what was ignored in the model's files, one line each.
  var warnings: [String] { get }
  /// Rows of the table of classes, the last of which is that of no class; nil for a model without one.
  var classCount: Int? { get }

  /// The sampler of a run, with the noise levels that the model was trained with and a rule for its steps.
  ///
  /// - Parameters:
  ///   - choice: Which sampler.
  ///   - options: What is said about it at a call.
  ///   - clipSample: Whether estimates of clean data are clipped where the model's own scheduler would.
  /// - Throws: An error in one line if the model cannot be sampled so.
  func scheduler(
    _ choice: SamplerChoice, _ options: SchedulerOptions, clipSample: Bool
  ) throws -> ChosenScheduler

  /// The extents of a sample.
  ///
  /// - Parameter size: Height and width, or nil for the model's own.
  /// - Throws: ``ModelError`` if the model has no size of its own, or no other than its own.
  func sampleShape(_ size: ImageSize?) throws -> ImageShape

  /// Checks that samples of a shape can be drawn under a condition.
  ///
  /// - Throws: ``ModelError`` or an error of the network that says what does not fit.
  func check(_ condition: SamplingCondition, _ shape: ImageShape) throws

  /// Mean and covariance of the clean data on a device, or nil if the model does not know them; for late starts.
  ///
  /// - Throws: ``ModelError`` if they are not of samples of the shape.
  func gaussian(_ shape: ImageShape, on backend: any Backend) throws -> GaussianStatistics?

  /// Mean and covariance of each class of the clean data, or nil if the model does not know them; for late starts by class.
  ///
  /// - Throws: ``ModelError`` if they are not of samples of the shape, or an error of their file.
  func classStatistics(_ shape: ImageShape) throws -> ClassStatistics?

  /// How many samples the model's data are, or nil if it does not know, or they are endlessly many.
  ///
  /// - Throws: An error of the file of its statistics.
  func dataCount() throws -> Int?

  /// What is known about late starts of the model, or nil; see ``LateStartFit``.
  ///
  /// - Throws: `FileError` if that is of another model, or of other statistics than ``gaussian(_:on:)`` gives.
  func lateStartFit() throws -> LateStartFit?

  /// The denoiser on a device.
  ///
  /// - Parameters:
  ///   - condition: The classes of the samples, and guidance.
  ///   - parametrization: What a network is given and what it returns, as the scheduler in use says; exact denoisers know better.
  ///   - backend: The device.
  func denoiser(
    _ condition: SamplingCondition, _ parametrization: Parametrization, on backend: any Backend
  ) throws -> any Denoiser

  /// The memory that sampling takes, besides what samplers keep.
  func memory(_ shape: ImageShape, _ condition: SamplingCondition, on backend: any Backend) throws -> SamplingMemory

  /// The memory that an evaluation with its derivatives by the state takes; see `DifferentiableDenoiser`.
  func gradientMemory(_ shape: ImageShape, _ condition: SamplingCondition, on backend: any Backend) throws
    -> SamplingMemory

  /// SHA-256 of everything that determines the model's predictions, by file; empty where its name says all.
  func fingerprints() throws -> [String: String]
}

extension DiffusionModel {
  /// Nothing was ignored.
  public var warnings: [String] { [] }

  /// No classes.
  public var classCount: Int? { nil }

  /// No statistics of classes.
  public func classStatistics(_ shape: ImageShape) -> ClassStatistics? { nil }

  /// Not known.
  public func dataCount() -> Int? { nil }

  /// Nothing.
  public func lateStartFit() -> LateStartFit? { nil }

  /// That of sampling twice, which exact denoisers do not pass.
  public func gradientMemory(
    _ shape: ImageShape, _ condition: SamplingCondition, on backend: any Backend
  ) throws -> SamplingMemory {
    var memory = try memory(shape, condition, on: backend)
    memory.bytesPerSample *= 2
    return memory
  }

  /// Nothing but the name.
  public func fingerprints() -> [String: String] { [:] }
}

/// What samples are drawn for: their classes, and how far towards them.
public struct SamplingCondition: Sendable, Hashable {
  /// The class of each sample, or one for all, or nil for a model without classes.
  public var classLabels: [Int]?
  /// The weight of guidance without a classifier, 1 for none; see ``NetworkDenoiser``.
  public var guidance: Double
  /// The training steps at which guidance is on, or nil for all.
  public var guidanceInterval: ClosedRange<Int>?

  /// A condition; by default none.
  public init(classLabels: [Int]? = nil, guidance: Double = 1, guidanceInterval: ClosedRange<Int>? = nil) {
    self.classLabels = classLabels
    self.guidance = guidance
    self.guidanceInterval = guidanceInterval
  }

  /// The labels that a network takes.
  var labels: [Double]? { classLabels?.map(Double.init) }
}

/// The memory of sampling, which grows linearly with the batch.
public struct SamplingMemory: Sendable, Hashable {
  /// Bytes whatever the batch.
  public var fixedBytes: Int
  /// Bytes of each sample.
  public var bytesPerSample: Int
  /// Beyond this a larger batch gains nothing, or nil where that is the device's matter.
  public var worthwhileBatch: Int?

  /// An amount of memory.
  public init(fixedBytes: Int, bytesPerSample: Int, worthwhileBatch: Int? = nil) {
    self.fixedBytes = fixedBytes
    self.bytesPerSample = bytesPerSample
    self.worthwhileBatch = worthwhileBatch
  }
}
