public import Compute
public import Datasets
import DiffusersFormat
public import Diffusion
import Foundation
public import Tensors

/// A model, a device and settings, checked against each other and ready to sample.
///
/// ```swift
/// let pipeline = try SamplingPipeline(Model(nil), SamplingSettings(seeds: [0, 1, 2]), on: backend)
/// let result = try pipeline.run { images in print(images.seeds) }
/// ```
public struct SamplingPipeline {
  /// The model.
  public let model: Model
  /// The settings.
  public let settings: SamplingSettings
  /// The sampler with the model's schedule.
  public let scheduler: Scheduler
  /// The class of the scheduler, as diffusers calls it.
  public let schedulerName: String
  /// The steps that are taken.
  public let plan: SamplingPlan
  /// Extents of the images.
  public let imageShape: ImageShape
  /// Images that are sampled together.
  public let batch: Int
  /// What the user should know, one line each.
  public let notices: [String]

  private let backend: any Backend
  private let initialization: LateStartInitialization?
  private let denoiser: any Denoiser
  /// The run from the prior, whose first level and scale a flow begins with.
  private let whole: SamplingPlan

  /// Checks that settings, model and device fit, before any work is done.
  ///
  /// - Throws: One line that names the flag or file at fault.
  public init(_ model: Model, _ settings: SamplingSettings, on backend: any Backend) throws {
    self.model = model
    self.settings = settings
    self.backend = backend
    guard !settings.seeds.isEmpty else { throw PipelineError("--seeds: no image is asked for") }
    var notices = model.warnings
    let asked = try Self.schedulerConfiguration(model, settings.sampler, notices: &notices)
    let configuration = settings.clips ? asked : asked.unclipped
    scheduler = try Scheduler(configuration, options: settings.options)
    schedulerName = Self.className(configuration)
    whole = try scheduler.plan(steps: settings.steps)
    switch settings.start {
    case .prior: plan = whole
    case .late(let timestep, _), .images(let timestep, _):
      guard (1...scheduler.schedule.last).contains(timestep) else {
        throw PipelineError("start \(timestep): the training steps to start at are 1 to \(scheduler.schedule.last)")
      }
      plan = try scheduler.plan(steps: settings.steps, startingAt: timestep)
    }
    imageShape = try Self.imageShape(model, settings)
    try Self.check(model, settings, imageShape)
    initialization = try Self.initialization(model, settings, imageShape, on: backend)
    if let data = settings.data {
      batch = try BatchPlan.batch(for: data, settings, on: backend)
      denoiser = data.denoiser(on: backend)
    } else {
      batch = try BatchPlan.batch(for: model.network, imageShape, settings, on: backend)
      denoiser = NetworkDenoiser(
        model.network, scheduler.predictionType, classLabels: settings.classLabel.map { [Double($0)] },
        guidance: settings.guidance)
    }
    self.notices = notices
  }

  /// What has been sampled so far, given to whoever watches a run.
  public struct Progress {
    /// Images of earlier batches that are finished.
    public let finishedImages: Int
    /// Seeds of the batch under way.
    public let seeds: ArraySlice<UInt64>
    /// Where the batch stands.
    public let state: SamplingState
  }

  /// Finished images.
  public struct Images {
    /// One seed an image.
    public let seeds: ArraySlice<UInt64>
    /// The images, `[count, channels, height, width]`, in the range of the model, not clipped.
    public let values: [Float]
    /// Evaluations of the network for each image (NFE).
    public let evaluations: Int
  }

  /// What a run cost.
  public struct Summary: Sendable {
    /// Images that were finished.
    public var images = 0
    /// Evaluations of the network for each image (NFE).
    public var evaluations = 0
    /// Seconds from the first step to the last image.
    public var seconds = 0.0
    /// Whether the run was stopped before its end.
    public var wasStopped = false
  }

  /// Samples all images, batch by batch.
  ///
  /// - Parameters:
  ///   - shouldStop: Asked before every step; finished batches are kept.
  ///   - progress: Called after every step.
  ///   - finished: Called with every finished batch, in the order of the seeds.
  /// - Throws: A device's failure, or what `finished` throws.
  public func run(
    shouldStop: () -> Bool = { false }, progress: (Progress) throws -> Void = { _ in },
    finished: (Images) throws -> Void
  ) throws -> Summary {
    let clock = ContinuousClock()
    let begin = clock.now
    var summary = Summary()
    for first in stride(from: 0, to: settings.seeds.count, by: batch) {
      let rows = first..<min(first + batch, settings.seeds.count)
      let seeds = settings.seeds[rows]
      var run = try makeRun(rows)
      while true {
        if shouldStop() {
          summary.wasStopped = true
          return summary
        }
        guard let state = try run.next() else { break }
        // One wait a step, so that progress is true and Ctrl-C is answered soon.
        try backend.synchronize()
        try progress(Progress(finishedImages: first, seeds: seeds, state: state))
      }
      try finished(Images(seeds: seeds, values: run.x.values(), evaluations: run.evaluations))
      summary.images += rows.count
      summary.evaluations = run.evaluations
      summary.seconds = (clock.now - begin).inSeconds
    }
    return summary
  }

  /// A run of the images of some seeds.
  private func makeRun(_ rows: Range<Int>) throws -> SamplingRun {
    let noise = noiseSource(rows)
    var state: Tensor?
    switch settings.start {
    case .prior: break
    case .late(_, let kind):
      let normals =
        switch kind {
        case .gaussian: try noise.freshNoise()
        case .flow: try noise.initialNoise().scaled(by: whole.initialScale)
        case .noise: try noise.initialNoise()
        }
      state = initialization?.state(from: normals, at: plan.start, top: whole.start)
    case .images(_, let images):
      let clean = tensor(images, rows)
      state = .combination([(plan.start.alpha, clean), (plan.start.sigma, try noise.initialNoise())])
    }
    return try SamplingRun(plan, sampler: scheduler.sampler, denoiser: denoiser, noise: noise, from: state)
  }

  private func noiseSource(_ rows: Range<Int>) -> any NoiseSource {
    let sampleShape = [imageShape.channels, imageShape.height, imageShape.width]
    if let recorded = settings.recorded {
      return RecordedNoise(initial: tensor(recorded.initial, rows), draws: recorded.draws.map { tensor($0, rows) })
    }
    let seeds = Array(settings.seeds[rows])
    return switch settings.generator {
    case .philox: SeededNoise(seeds: seeds, sampleShape: sampleShape, on: backend)
    case .torch: TorchNoise(seeds: seeds, sampleShape: sampleShape, on: backend)
    }
  }

  /// The images of some rows, on the device.
  private func tensor(_ images: [Float], _ rows: Range<Int>) -> Tensor {
    let size = imageShape.count
    return Tensor(
      Array(images[rows.lowerBound * size..<rows.upperBound * size]),
      shape: [rows.count, imageShape.channels, imageShape.height, imageShape.width], on: backend)
  }
}
