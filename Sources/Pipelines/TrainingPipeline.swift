public import Compute
public import Datasets
public import Diffusion
public import Files
import Foundation
public import Networks
public import Training

/// Where a training run leaves what it makes, and how often.
public struct TrainingOutput: Sendable {
  /// The folder of checkpoints, log, curve and samples.
  public var folder: String
  /// Steps from one checkpoint to the next.
  public var checkpointEvery = 500
  /// Checkpoints that are kept.
  public var keep = 3
  /// Steps from one grid of samples to the next, or nil for none.
  public var samplesEvery: Int? = 1000
  /// A picture that is rewritten with every grid.
  public var preview: String?

  /// An output below a folder.
  public init(folder: String) {
    self.folder = folder
  }

  var checkpoints: String { join("checkpoints") }
  var log: String { join("log.jsonl") }
  var curve: String { join("loss.svg") }
  var samples: String { join("samples") }

  func join(_ name: String) -> String { (folder as NSString).appendingPathComponent(name) }

  /// The checkpoints that are there, the oldest first.
  public var savedCheckpoints: [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: checkpoints)) ?? []
    return names.filter { $0.hasPrefix("step-") && $0.hasSuffix(".safetensors") }.sorted()
      .map { (checkpoints as NSString).appendingPathComponent($0) }
  }
}

/// A training run from files to files: data, checkpoints, log, curve, grids of samples.
public final class TrainingPipeline {
  /// The run.
  public let trainer: Trainer
  /// The data.
  public let data: TrainingSet
  /// Where things go.
  public let output: TrainingOutput
  /// Seconds of all steps, those before an interruption included.
  public private(set) var seconds = 0.0

  private let sampler: TrainingSampler?
  private let log: TrainingLog

  /// What the user is told after a step.
  public struct Progress: Sendable {
    /// The step.
    public let report: Trainer.Report
    /// The mean of the last hundred losses.
    public let smoothedLoss: Double
    /// Images of the last steps a second.
    public let imagesPerSecond: Double
    /// Seconds of a step, a mean over the last ones.
    public let secondsPerStep: Double
  }

  /// A run, new or from the last checkpoint of its folder.
  ///
  /// - Parameters:
  ///   - task: What is trained.
  ///   - settings: How.
  ///   - data: The images.
  ///   - output: Where things go.
  ///   - sampler: Makes grids of samples, or nil.
  ///   - resumes: Whether to go on from the last checkpoint; a new run wants a folder without any.
  ///   - backend: The device.
  public init(
    _ task: any TrainingTask, _ settings: TrainingSettings, _ data: TrainingSet, _ output: TrainingOutput,
    sampler: TrainingSampler?, resumes: Bool, on backend: any Backend
  ) throws {
    self.data = data
    self.output = output
    self.sampler = sampler
    try OutputFile.prepareFolder(output.checkpoints)
    if sampler != nil { try OutputFile.prepareFolder(output.samples) }
    Self.removePartials(in: output.checkpoints)
    trainer = try Trainer(task, settings, data.shape, on: backend)
    let last = output.savedCheckpoints.last
    if let last {
      guard resumes else {
        throw PipelineError(
          "\(output.folder): holds the checkpoint \(last); go on with --resume, or name another folder")
      }
      let file = try SafetensorsFile(last)
      try trainer.restore(file)
      seconds = file.metadata["seconds"].flatMap { Double($0) } ?? 0
    } else if resumes {
      throw PipelineError("--resume: \(output.checkpoints) holds no checkpoint; leave --resume out to begin")
    }
    log = try TrainingLog(output.log, after: trainer.step)
  }

  /// What a run that was killed left half-written.
  private static func removePartials(in folder: String) {
    for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] where name.hasSuffix(".partial") {
      try? FileManager.default.removeItem(atPath: (folder as NSString).appendingPathComponent(name))
    }
  }

  /// Trains to the last step, or until it is asked to stop; either way the last state is saved.
  ///
  /// - Parameters:
  ///   - shouldStop: Asked after every step.
  ///   - progress: Called after every step.
  /// - Returns: Whether the run came to its end.
  public func run(shouldStop: () -> Bool, progress: (Progress) -> Void) throws -> Bool {
    let settings = trainer.settings
    let loader = BatchLoader(
      data, batch: settings.batch,
      augmentation: .init(flips: settings.flips, shift: settings.shift, dequantizes: settings.dequantizes),
      seed: settings.seed, from: trainer.step)
    defer { loader.end() }
    var recent: [Double] = []
    while trainer.step < settings.steps {
      let start = ContinuousClock.now
      let report = try trainer.advance(loader.next())
      let duration = (ContinuousClock.now - start).inSeconds
      seconds += duration
      recent = (recent + [duration]).suffix(20)
      let rate = Double(settings.batch * recent.count) / recent.reduce(0, +)
      try log.append(report, imagesPerSecond: rate, seconds: seconds)
      progress(
        .init(
          report: report, smoothedLoss: log.smoothedLoss ?? report.loss, imagesPerSecond: rate,
          secondsPerStep: Double(settings.batch) / rate))
      let isLast = trainer.step == settings.steps, stops = shouldStop()
      if isLast || stops || trainer.step % output.checkpointEvery == 0 { try save() }
      if let every = output.samplesEvery, isLast || trainer.step % every == 0 { try drawSamples() }
      if stops { return isLast }
    }
    return true
  }

  /// Writes a checkpoint and the curve, then forgets the oldest checkpoints.
  private func save() throws {
    let digits = "\(trainer.step)"
    let name = "step-" + String(repeating: "0", count: max(0, 8 - digits.count)) + digits + ".safetensors"
    try OutputFile.write(
      trainer.checkpoint(metadata: ["seconds": "\(seconds)"]),
      to: (output.checkpoints as NSString).appendingPathComponent(name))
    for old in output.savedCheckpoints.dropLast(max(1, output.keep)) {
      try? FileManager.default.removeItem(atPath: old)
    }
    try OutputFile.write(LossCurve(log.losses).svg.utf8, to: output.curve)
  }

  private func drawSamples() throws {
    guard let sampler else { return }
    let picture = try trainer.withAverages { try sampler.picture(on: trainer.backend) }
    let digits = "\(trainer.step)"
    let name = "step-" + String(repeating: "0", count: max(0, 8 - digits.count)) + digits + ".png"
    for path in [(output.samples as NSString).appendingPathComponent(name), output.preview].compactMap({ $0 }) {
      try OutputFile.write(picture.encoded(), to: path)
    }
  }
}

/// Samples of a network that is being trained, from fixed seeds.
public struct TrainingSampler {
  private let model: Model
  private let settings: SamplingSettings

  /// A grid of 64 images by DDIM in 20 steps; of a network with classes one class a row.
  public init(_ network: UNet, _ scheduler: SchedulerConfiguration) {
    model = Model(name: "the network in training", network: network, scheduler: scheduler)
    var settings = SamplingSettings(seeds: (0..<64).map { $0 })
    settings.sampler = .named(.ddim)
    settings.steps = 20
    if network.configuration.classCount != nil { settings.classLabel = 0 }
    self.settings = settings
  }

  /// Samples the grid.
  func picture(on backend: any Backend) throws -> PNGImage {
    var images: [Float] = []
    let pipeline = try SamplingPipeline(model, settings, on: backend)
    _ = try pipeline.run { images += $0.values }
    return ImageConversion.grid(ImageConversion.interleaved(images, pipeline.imageShape), pipeline.imageShape)
  }
}
