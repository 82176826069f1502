public import Compute
public import Datasets
public import Diffusion
import Evaluation
import Files
public import Models
public import SymmetryBreaking
public import Tensors

/// One pass of denoising losses over a model, from which its late starts follow; see `StartTime`.
public struct StartFit {
  /// How much is drawn, and what counts for how much.
  public struct Settings: Sendable, Hashable {
    /// Images, each with one draw of noise that it keeps through all levels.
    public var images = 512
    /// Levels, evenly spaced in the logarithm of the signal-to-noise ratio.
    public var levels = 24
    /// What counts for how much.
    public var rule = StartTime.Rule()

    /// The defaults: 512 images at 24 levels.
    public init() {}

    /// Checks that every number is within its range.
    ///
    /// - Throws: ``PipelineError/number(setting:fault:)`` naming the first that is not.
    public func check() throws(PipelineError) {
      try SamplingSettings.check("images") { () throws(NumberFault) in try images.checked(in: 2...1_000_000) }
      // Fewer leave the integral's error above that of the draws.
      try SamplingSettings.check("levels") { () throws(NumberFault) in try levels.checked(in: 20...1000) }
      try SamplingSettings.check("detail_snr") { () throws(NumberFault) in
        try rule.detail.checked(in: StartTime.Rule.details)
      }
      try SamplingSettings.check("weight") { () throws(NumberFault) in
        try rule.weight.checked(in: StartTime.Rule.weights)
      }
    }
  }

  /// Images of a data set, evenly spaced through it, since files are often in the order of their classes.
  public struct Images: Sendable, Hashable {
    /// The images, one after the other, in [-1, 1].
    public let values: [Float]
    /// Their classes, or nil for a model without any.
    public let labels: [Int]?
    /// Their number.
    public let count: Int

    /// Reads at most `count` images.
    ///
    /// - Parameters:
    ///   - source: The data, from its first image on.
    ///   - count: How many are wanted.
    ///   - model: The model, which says whether labels matter.
    ///   - shape: The extents of the model's samples.
    ///   - label: Which kind of label is the class; may be nil where there is one.
    ///   - least: How many there must be.
    /// - Throws: `ModelError` if they are of other extents than the model's, or too few; ``PipelineError`` if the model has
    ///   classes and the images have no labels, or several kinds of which none is named.
    public init(
      of source: any ImageSource, count: Int, for model: any DiffusionModel, _ shape: ImageShape, label: Int? = nil,
      least: Int = 2
    ) throws {
      guard source.shape == shape else {
        throw ModelError.images(path: source.path, shape: source.shape, model: model.name, expected: shape)
      }
      let labels = try model.classCount == nil ? nil : Self.labels(of: source, model, label)
      let wanted = min(count, source.count)
      guard wanted >= least else {
        throw EvaluationError.tooFewImages(path: source.path, count: source.count, needed: least)
      }
      let places = (0..<wanted).map { $0 * source.count / wanted }
      var values: [Float] = [], first = 0
      for place in places {
        while true {
          // Images between two that are kept are read and dropped, so that memory stays small.
          let skipped = min(place - first, source.batchCount)
          guard skipped > 0 else { break }
          first += try source.next(skipped).count / shape.count
        }
        let image = try source.next(1)
        guard image.allSatisfy(\.isFinite) else { throw FileError(source.path, "holds values that are not finite") }
        values += image
        first += 1
      }
      self.values = values
      self.labels = labels.map { labels in places.map { labels[$0] } }
      self.count = wanted
    }

    private static func labels(of source: any ImageSource, _ model: any DiffusionModel, _ kind: Int?) throws -> [Int] {
      let kinds = try source.labelSets()
      guard !kinds.isEmpty else { throw PipelineError.noLabels(data: source.path, model: model.name) }
      guard let kind = kind ?? (kinds.count == 1 ? 0 : nil) else {
        throw PipelineError.unnamedLabel(configuration: model.name)
      }
      guard kinds.indices.contains(kind) else {
        throw PipelineError.label(kind: kind, data: source.path, kinds: kinds.count)
      }
      return kinds[kind]
    }
  }

  /// The model.
  public let model: any DiffusionModel
  /// The settings.
  public let settings: Settings
  /// The noise levels of the model's training steps.
  public let schedule: NoiseSchedule
  /// The levels at which errors are taken, most noise first.
  public let levels: [NoiseLevel]

  private let scheduler: Scheduler
  private let shape: ImageShape
  private let images: Images?
  private let labels: [Int]?
  private let gaussian: GaussianStatistics
  private let batch: Int
  private let backend: any Backend

  /// Checks that model, data and device fit, before any work is done.
  ///
  /// - Parameters:
  ///   - model: The model.
  ///   - settings: How much is drawn.
  ///   - images: Data, or nil for draws from the Gaussian with the data's moments.
  ///   - statistics: The moments of the data; those of the model if it is nil.
  ///   - backend: The device.
  /// - Throws: One line that names what is missing or does not fit.
  public init(
    _ model: any DiffusionModel, _ settings: Settings, images: Images?, statistics: GaussianStatistics? = nil,
    on backend: any Backend
  ) throws {
    try settings.check()
    self.model = model
    self.settings = settings
    self.images = images
    self.backend = backend
    scheduler = try model.scheduler(.named(.ddim), .init(), clipSample: false).scheduler
    schedule = scheduler.schedule
    levels = schedule.levels(settings.levels, detail: settings.rule.detail)
    guard levels.count >= 3 else { throw PipelineError.fewLevels(model: model.name, count: levels.count) }
    shape = try model.sampleShape(nil)
    guard let gaussian = try statistics ?? model.gaussian(shape, on: backend) else {
      throw PipelineError.noFit(model: model.name)
    }
    self.gaussian = gaussian
    let count = images?.count ?? settings.images
    if let rows = model.classCount {
      // Every class as often as any other where no data say how often it is.
      let labels = images?.labels ?? (0..<count).map { $0 % max(1, rows - 1) }
      self.labels = labels
      try model.check(.init(classLabels: Set(labels).sorted()), shape)
    } else {
      labels = nil
    }
    var sampling = SamplingSettings(seeds: (0..<UInt64(count)).map { $0 })
    sampling.classes = labels.map { .labels($0) }
    batch = try BatchPlan.batch(for: model, shape, sampling, on: backend)
  }

  /// Images that are noised.
  public var count: Int { images?.count ?? settings.images }

  /// Evaluations of the network in all.
  public var evaluations: Int { count * levels.count }

  /// What was found, with the differences of every draw.
  public struct Result: Sendable {
    /// The curve of errors.
    public let curve: DenoisingCurve
    /// The differences, a list of draws for each level.
    public let differences: [[Double]]
  }

  /// Evaluates the network on every image at every level.
  ///
  /// - Parameters:
  ///   - shouldStop: Asked before every evaluation of a batch.
  ///   - progress: Called with the evaluations done.
  /// - Returns: The errors, or nil if it was stopped.
  /// - Throws: A device's failure, or ``PipelineError/notFinite(seeds:)`` if errors are not finite.
  public func run(shouldStop: () -> Bool = { false }, progress: (Int) -> Void = { _ in }) throws -> Result? {
    var errors = DenoisingErrors(levels: levels, source: images == nil ? .gaussian : .data)
    var done = 0
    for first in stride(from: 0, to: count, by: batch) {
      let rows = first..<min(first + batch, count)
      let denoiser = try model.denoiser(
        .init(classLabels: labels.map { Array($0[rows]) }), scheduler.parametrization, on: backend)
      let (clean, noise) = draws(rows)
      let isWhole = try errors.add(clean, noise: noise, denoiser: denoiser, statistics: gaussian) {
        progress(done)
        done += rows.count
        return shouldStop()
      }
      guard isWhole else { return nil }
      let faulty = rows.filter { draw in !errors.differences.allSatisfy { $0[draw].isFinite } }
      guard faulty.isEmpty else { throw PipelineError.notFinite(seeds: faulty.map(UInt64.init)) }
    }
    progress(done)
    return Result(curve: errors.curve(statistics: gaussian), differences: errors.differences)
  }

  /// Clean images and the noise that they keep.
  private func draws(_ rows: Range<Int>) -> (clean: Tensor, noise: Tensor) {
    let extents = [shape.channels, shape.height, shape.width], seeds = rows.map(UInt64.init)
    let noise = Tensor.noise(extents, seeds: seeds, key: NoiseKey(step: 0), on: backend)
    guard let images else {
      let normals = Tensor.noise(extents, seeds: seeds, key: NoiseKey(step: 0, draw: 1), on: backend)
      return (gaussian.gaussianState(from: normals, at: .clean), noise)
    }
    let values = Array(images.values[rows.lowerBound * shape.count..<rows.upperBound * shape.count])
    return (Tensor(values, shape: [rows.count] + extents, on: backend), noise)
  }
}

extension StartFit {
  /// Draws of a fit that is made in passing, from the statistics alone.
  private static let drawsOfQuickFit = 128

  /// The fit that a model carries, or else one to its statistics alone.
  ///
  /// - Parameters:
  ///   - model: The model.
  ///   - backend: The device.
  ///   - shouldStop: Asked between evaluations of a fit.
  ///   - progress: Called with the evaluations done and those in all.
  /// - Returns: The fit, and whether the model carries it; nil if it was stopped.
  /// - Throws: ``PipelineError/noFit(model:)`` where there is neither, or an error of the file.
  package static func known(
    of model: any DiffusionModel, on backend: any Backend, shouldStop: () -> Bool,
    progress: (_ done: Int, _ total: Int) -> Void
  ) throws -> (fit: LateStartFit, isCarried: Bool)? {
    if let fit = try model.lateStartFit() { return (fit, true) }
    var settings = Settings()
    settings.images = drawsOfQuickFit
    let fit = try StartFit(model, settings, images: nil, on: backend)
    guard let found = try fit.run(shouldStop: shouldStop, progress: { progress($0, fit.evaluations) }) else {
      return nil
    }
    return (
      LateStartFit(
        weights: try model.fingerprints(), statistics: nil, draws: settings.images, rule: settings.rule,
        curve: found.curve), false
    )
  }
}
