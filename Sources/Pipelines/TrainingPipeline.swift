import Compute
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
  private let plan: OutputPlan
  private let record: TrainingRecord
  private let lock: FolderLock

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

  /// A run, new or from a checkpoint; everything that it is going to write is found writable.
  ///
  /// - Parameters:
  ///   - task: The network and its loss.
  ///   - data: The images.
  ///   - start: Where it begins.
  ///   - record: What its checkpoints are going to say.
  ///   - sampler: Makes grids of samples, or nil.
  ///   - backend: The device.
  init(
    _ task: any TrainingTask, _ data: ImageSet, _ start: TrainingStart, _ record: TrainingRecord,
    sampler: TrainingSampler?, on backend: any Backend
  ) throws {
    self.data = data
    self.sampler = sampler
    self.record = record
    (output, plan) = (start.request.output, start.plan)
    try BatchPlan.check(start.settings.batch, TrainingMemory(task, start.settings, data, on: backend), on: backend)
    try OutputFile.prepareFolder(output.folder)
    lock = try start.lock ?? FolderLock(output.folder)
    if start.checkpoint == nil { try output.checkIsNew() }
    try OutputFile.prepareFolder(output.checkpoints)
    if sampler != nil { try OutputFile.prepareFolder(output.samples) }
    for path in [output.log, output.curve] { try OutputFile.checkWritable(path) }
    Self.removePartials(in: output.checkpoints)
    trainer = try Trainer(task, start.settings, data.shape, on: backend)
    if let checkpoint = start.checkpoint {
      try trainer.restore(checkpoint)
      seconds = checkpoint.seconds
      // They would be taken for the latest state again, and good ones forgotten in their stead.
      for path in start.damaged { try OutputFile.setAside(path) }
    }
    log = try TrainingLog(output.log, after: trainer.step)
  }

  /// Tells what is going to be done.
  func announce(_ note: (String) -> Void) {
    let count = trainer.task.parameters.reduce(0) { $0 + $1.parameter.count }, settings = trainer.settings
    note("\(count) parameters, steps \(trainer.step) to \(settings.steps) of \(settings.batch) images")
  }

  /// What a killed run of a version left half-written whose temporary names ended in its process' number.
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
      if isLast || stops || trainer.step % plan.checkpointEvery == 0 { try save() }
      if plan.samplesEvery > 0, isLast || trainer.step % plan.samplesEvery == 0 { try drawSamples() }
      if stops { return isLast }
    }
    return true
  }

  /// Writes a checkpoint and the curve, then forgets the oldest checkpoints.
  private func save() throws {
    try OutputFile.write(
      trainer.checkpoint(metadata: record.texts().merging(["seconds": "\(seconds)"]) { $1 }),
      to: output.file(of: trainer.step, in: output.checkpoints, "safetensors"))
    for old in output.savedCheckpoints.dropLast(plan.keep) {
      try? FileManager.default.removeItem(atPath: old)
    }
    try OutputFile.write(LossCurve(log.losses).svg.utf8, to: output.curve)
  }

  private func drawSamples() throws {
    guard let sampler else { return }
    let picture = try trainer.withEMA { try sampler.picture(on: trainer.backend) }
    for path in [output.file(of: trainer.step, in: output.samples, "png"), plan.preview].compactMap({ $0 }) {
      try OutputFile.write(picture.encoded(), to: path)
    }
  }
}
