public import Compute
public import Diffusion
import Foundation
public import Models
public import Tensors

/// A model, a device and settings, checked against each other and ready to sample.
///
/// ```swift
/// let pipeline = try SamplingPipeline(model, SamplingSettings(seeds: [0, 1, 2]), on: backend)
/// let result = try pipeline.run { images in print(images.seeds) }
/// ```
public struct SamplingPipeline {
  /// The model.
  public let model: any DiffusionModel
  /// The settings, with the steps and the batch that were chosen.
  public let settings: SamplingSettings
  /// The sampler with the model's schedule.
  public let scheduler: Scheduler
  /// The class of the scheduler as diffusers calls it, or the sampler's name.
  public let schedulerName: String
  /// The number of steps that was asked for, or the scheduler's own.
  public let steps: Int
  /// The steps that are taken.
  public let plan: SamplingPlan
  /// Extents of the samples.
  public let imageShape: ImageShape
  /// Samples that are drawn together.
  public let batch: Int
  /// The class whose Gaussian each sample begins with, in the order of the seeds; empty but for late starts by class.
  public var startLabels: [Int] { lateStart?.labels ?? [] }
  /// Notes for the user, one line each.
  public let notices: [String]

  private let backend: any Backend
  private let inputs: SamplingInputs
  private let lateStart: LateStart?
  private let denoiser: any Denoiser

  /// Checks that settings, model and device fit, before any work is done.
  ///
  /// - Parameters:
  ///   - model: The model to sample.
  ///   - settings: How.
  ///   - inputs: Arrays that take the place of what the run would make itself.
  ///   - backend: The device.
  /// - Throws: An error that names the setting or file at fault, in one line.
  public init(
    _ model: any DiffusionModel, _ settings: SamplingSettings, inputs: SamplingInputs = .init(),
    on backend: any Backend
  ) throws {
    self.model = model
    self.inputs = inputs
    self.backend = backend
    var settings = try settings.resolved(for: model)
    try settings.check()
    // Whoever shows progress finds the start before.
    guard let found = try settings.foundStart(for: model, on: backend) else { preconditionFailure("nobody stops it") }
    settings = found.settings
    guard !settings.seeds.isEmpty else { throw PipelineError.noSeeds }
    let chosen = try model.scheduler(settings.sampler, settings.options, clipSample: settings.clipSample)
    steps = settings.steps ?? chosen.steps
    settings.steps = steps
    scheduler = chosen.scheduler
    schedulerName = chosen.name
    if let timestep = settings.start.timestep {
      let last = scheduler.schedule.last
      guard timestep >= 1, timestep <= last else { throw PipelineError.start(timestep: timestep, last: last) }
      plan = try scheduler.plan(steps: steps, startingAt: timestep)
    } else {
      plan = try scheduler.plan(steps: steps)
    }
    notices =
      model.warnings + [found.notice, chosen.notice].compactMap { $0 } + Self.notices(settings, model, plan, scheduler)
    imageShape = try model.sampleShape(settings.size)
    try model.check(settings.condition, imageShape)
    try Self.check(inputs, settings, imageShape)
    lateStart = try LateStart(model, settings, imageShape, on: backend)
    batch = try BatchPlan.batch(for: model, imageShape, settings, startBytes: lateStart?.bytes ?? 0, on: backend)
    denoiser = try model.denoiser(settings.condition, scheduler.parametrization, on: backend)
    settings.batch = batch
    self.settings = settings
  }

  /// What has been sampled so far, given to whoever watches a run.
  public struct Progress {
    /// Samples of earlier batches that are finished.
    public let finishedImages: Int
    /// Seeds of the batch under way.
    public let seeds: ArraySlice<UInt64>
    /// Where the batch stands.
    public let state: SamplingState
  }

  /// Finished samples.
  public struct Images {
    /// One seed a sample.
    public let seeds: ArraySlice<UInt64>
    /// The samples, `[count, channels, height, width]`, in the range of the model, not clipped.
    public let values: [Float]
    /// Evaluations of the network for each sample (NFE).
    public let evaluations: Int
  }

  /// What a run cost.
  public struct Summary: Sendable {
    /// Samples that were finished.
    public var images = 0
    /// Evaluations of the network for each sample (NFE).
    public var evaluations = 0
    /// Seconds from the first step to the last sample.
    public var seconds = 0.0
    /// Whether the run was stopped before its end.
    public var wasStopped = false

    /// Nothing is done.
    public init() {}
  }

  /// Draws all samples, batch by batch.
  ///
  /// - Parameters:
  ///   - shouldStop: Asked before every step; finished batches are kept.
  ///   - progress: Called after every step.
  ///   - finished: Called with every finished batch, in the order of the seeds.
  /// - Throws: A device's failure, what `finished` throws, or ``PipelineError/notFinite(seeds:)`` for a batch with a sample that
  ///   is not finite, which is not handed to `finished`.
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
      let values = try run.x.values()
      try Self.checkFinite(values, seeds, imageShape)
      try finished(Images(seeds: seeds, values: values, evaluations: run.evaluations))
      summary.images += rows.count
      summary.evaluations = run.evaluations
      summary.seconds = (clock.now - begin).inSeconds
    }
    return summary
  }

  /// A run of the samples of some seeds.
  private func makeRun(_ rows: Range<Int>) throws -> SamplingRun {
    let noise = noiseSource(rows)
    var state: Tensor?
    switch settings.start {
    case .prior, .automatic: break
    case .late: state = try lateStart?.state(noise, of: rows, at: plan.start, scheduler.schedule)
    case .images:
      let clean = tensor(inputs.images ?? [], rows)
      state = .combination([(plan.start.alpha, clean), (plan.start.sigma, try noise.initialNoise())])
    }
    // Only networks have classes, and their denoisers cost nothing to make.
    let hasSeveral = settings.classes != nil && settings.classLabel == nil
    let denoiser =
      hasSeveral
      ? try model.denoiser(settings.condition(of: rows), scheduler.parametrization, on: backend) : denoiser
    return try SamplingRun(plan, sampler: scheduler.sampler, denoiser: denoiser, noise: noise, from: state)
  }

  private func noiseSource(_ rows: Range<Int>) -> any NoiseSource {
    let sampleShape = [imageShape.channels, imageShape.height, imageShape.width]
    if let recorded = inputs.noise {
      return RecordedNoise(initial: tensor(recorded.initial, rows), draws: recorded.draws.map { tensor($0, rows) })
    }
    let seeds = Array(settings.seeds[rows])
    return switch settings.generator {
    case .philox: SeededNoise(seeds: seeds, sampleShape: sampleShape, on: backend)
    case .torch: TorchNoise(seeds: seeds, sampleShape: sampleShape, on: backend)
    }
  }

  /// The samples of some rows, on the device.
  private func tensor(_ images: [Float], _ rows: Range<Int>) -> Tensor {
    let size = imageShape.count
    return Tensor(
      Array(images[rows.lowerBound * size..<rows.upperBound * size]),
      shape: [rows.count, imageShape.channels, imageShape.height, imageShape.width], on: backend)
  }
}
