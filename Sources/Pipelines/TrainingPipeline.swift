public import Compute
public import Datasets
import Files
import Foundation
public import Training

/// A training run from files to files: data, checkpoints, log, curve, grids of samples.
public final class TrainingPipeline {
  /// The run.
  public let trainer: Trainer
  /// The data.
  public let data: ImageSet
  /// Where things go.
  public let output: TrainingOutput
  /// Seconds of all steps, those before an interruption included.
  public private(set) var seconds = 0.0

  private let sampler: TrainingSampler?
  private let log: TrainingLog

  /// The report after a step.
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
  ///   - task: The network and its loss.
  ///   - settings: How.
  ///   - data: The images.
  ///   - output: Where things go.
  ///   - sampler: Makes grids of samples, or nil.
  ///   - resumes: Whether to go on from the last checkpoint; a new run wants a folder without any.
  ///   - backend: The device.
  public init(
    _ task: any TrainingTask, _ settings: TrainingSettings, _ data: ImageSet, _ output: TrainingOutput,
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
        throw PipelineError.checkpointExists(folder: output.folder, checkpoint: last)
      }
      let file = try SafetensorsFile(last)
      try trainer.restore(file)
      seconds = file.metadata["seconds"].flatMap { Double($0) } ?? 0
    } else if resumes {
      throw PipelineError.noCheckpoint(folder: output.checkpoints)
    }
    log = try TrainingLog(output.log, after: trainer.step)
  }

  /// Tells what is going to be done.
  func announce(_ note: (String) -> Void) {
    let count = trainer.task.parameters.reduce(0) { $0 + $1.parameter.count }, settings = trainer.settings
    note("\(count) parameters, steps \(trainer.step) to \(settings.steps) of \(settings.batch) images")
  }

  /// What a run that was killed left half-written.
  private static func removePartials(in folder: String) {
    for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] where name.hasSuffix(".partial") {
      try? FileManager.default.removeItem(atPath: (folder as NSString).appendingPathComponent(name))
    }
  }

  /// Trains to the last step or until it is stopped, and saves the last state either way.
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
      guard let batch = loader.next() else { return false }
      let report = try trainer.advance(batch)
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
    try OutputFile.write(
      trainer.checkpoint(metadata: ["seconds": "\(seconds)"]),
      to: output.file(of: trainer.step, in: output.checkpoints, "safetensors"))
    for old in output.savedCheckpoints.dropLast(max(1, output.keep)) {
      try? FileManager.default.removeItem(atPath: old)
    }
    try OutputFile.write(LossCurve(log.losses).svg.utf8, to: output.curve)
  }

  private func drawSamples() throws {
    guard let sampler else { return }
    let picture = try trainer.withEMA { try sampler.picture(on: trainer.backend) }
    for path in [output.file(of: trainer.step, in: output.samples, "png"), output.preview].compactMap({ $0 }) {
      try OutputFile.write(picture.encoded(), to: path)
    }
  }
}
