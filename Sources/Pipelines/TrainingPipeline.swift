import Communication
import Compute
public import Datasets
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
  private let plan: OutputPlan
  /// What the first rank writes; nil on others.
  private let files: TrainingFiles?

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
    let ranks = start.request.ranks
    self.data = data
    self.sampler = sampler
    (output, plan) = (start.request.output, start.plan)
    try BatchPlan.check(start.settings.batch, TrainingMemory(task, start.settings, data, on: backend), on: backend)
    trainer = try Trainer(task, start.settings, data.shape, on: backend, ranks)
    if let checkpoint = start.checkpoint {
      try trainer.restore(checkpoint)
      seconds = checkpoint.seconds
    }
    // Before the first changes the folder, all have read it, and before anything is trained, all are found to train the same.
    try RankAgreement(trainer, record, program: start.request.program).check(ranks)
    files = ranks.isRoot ? try TrainingFiles(start, record) : nil
  }

  /// Tells what is going to be done.
  func announce(_ note: (String) -> Void) {
    let count = trainer.task.parameters.reduce(0) { $0 + $1.parameter.count }, settings = trainer.settings
    note("\(count) parameters, steps \(trainer.step) to \(settings.steps) of \(settings.batch) images")
  }

  /// Trains to the last step or until it is stopped, and saves the last state either way.
  ///
  /// - Parameters:
  ///   - shouldStop: Asked in every step; one rank's answer stops all.
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
      let report = try trainer.advance(batch, wantsStop: shouldStop)
      let duration = (ContinuousClock.now - start).inSeconds
      seconds += duration
      recent = (recent + [duration]).suffix(20)
      let rate = Double(settings.batch * recent.count) / recent.reduce(0, +)
      let smoothed = try files?.append(report, imagesPerSecond: rate, seconds: seconds)
      progress(
        .init(
          report: report, smoothedLoss: smoothed ?? report.loss, imagesPerSecond: rate,
          secondsPerStep: Double(settings.batch) / rate))
      let isLast = trainer.step == settings.steps
      if isLast || report.stops || trainer.step % plan.checkpointEvery == 0 { try save() }
      if plan.samplesEvery > 0, isLast || trainer.step % plan.samplesEvery == 0 { try drawSamples() }
      if report.stops { return isLast }
    }
    return true
  }

  /// Writes a checkpoint, if all ranks have come to the same weights.
  private func save() throws {
    try RankAgreement(trainer).check(trainer.communicator)
    try files?.save(trainer, seconds: seconds)
  }

  /// Draws a grid, of which every rank makes its part.
  private func drawSamples() throws {
    guard let sampler else { return }
    let picture = try trainer.withEMA { try sampler.picture(on: trainer.backend, trainer.communicator) }
    try files?.save(picture, of: trainer.step)
  }
}
