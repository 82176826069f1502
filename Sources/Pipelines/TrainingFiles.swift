import Files
import Foundation
import Training

/// The folder of a training run: checkpoints, log, curve, grids of samples.
///
/// Of several ranks the first keeps it.
final class TrainingFiles {
  let plan: OutputPlan

  private let output: TrainingOutput
  private let record: TrainingRecord
  private let lock: FolderLock
  private let log: TrainingLog

  /// The files of a run, new or from a checkpoint; everything that it is going to write is found writable.
  ///
  /// - Parameters:
  ///   - start: Where it begins.
  ///   - record: What its checkpoints are going to say.
  init(_ start: TrainingStart, _ record: TrainingRecord) throws {
    self.record = record
    (output, plan) = (start.request.output, start.plan)
    try OutputFile.prepareFolder(output.folder)
    lock = try start.lock ?? FolderLock(output.folder)
    if start.checkpoint == nil { try output.checkIsNew() }
    try OutputFile.prepareFolder(output.checkpoints)
    if plan.samplesEvery > 0, start.settings.task == .diffusion { try OutputFile.prepareFolder(output.samples) }
    for path in [output.log, output.curve] { try OutputFile.checkWritable(path) }
    Self.removePartials(in: output.checkpoints)
    // They would be taken for the latest state again, and good ones forgotten in their stead.
    for path in start.damaged { try OutputFile.setAside(path) }
    log = try TrainingLog(output.log, after: start.checkpoint?.step ?? 0)
  }

  /// What a killed run of a version left half-written whose temporary names ended in its process' number.
  private static func removePartials(in folder: String) {
    for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] where name.hasSuffix(".partial") {
      try? FileManager.default.removeItem(atPath: (folder as NSString).appendingPathComponent(name))
    }
  }

  /// Adds a step to the log, and returns the mean of the last hundred losses.
  func append(_ report: Trainer.Report, imagesPerSecond: Double, seconds: Double) throws(FileError) -> Double {
    try log.append(report, imagesPerSecond: imagesPerSecond, seconds: seconds)
    return log.smoothedLoss ?? report.loss
  }

  /// Writes a checkpoint and the curve, then forgets the oldest checkpoints.
  func save(_ trainer: Trainer, seconds: Double) throws {
    try OutputFile.write(
      trainer.checkpoint(metadata: record.texts().merging(["seconds": "\(seconds)"]) { $1 }),
      to: output.file(of: trainer.step, in: output.checkpoints, "safetensors"))
    for old in output.savedCheckpoints.dropLast(plan.keep) {
      try? FileManager.default.removeItem(atPath: old)
    }
    try OutputFile.write(LossCurve(log.losses).svg.utf8, to: output.curve)
  }

  /// Writes a grid of samples.
  func save(_ picture: PNGImage, of step: Int) throws {
    for path in [output.file(of: step, in: output.samples, "png"), plan.preview].compactMap({ $0 }) {
      try OutputFile.write(picture.encoded(), to: path)
    }
  }
}
