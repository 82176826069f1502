import Communication
import Datasets
import DiffusersFormat
import Files
import Foundation
import Models
public import Training

/// Where a training begins, found out before any data are read: at its first step, or at a checkpoint.
public struct TrainingStart {
  /// The settings of the run.
  public let settings: TrainingSettings

  let request: TrainingRequest
  let plan: OutputPlan
  /// The right to the run's folder; a new run takes it when it makes the folder.
  let lock: FolderLock?
  let checkpoint: TrainingCheckpoint?
  /// What the checkpoint says of the run, or nil for a new run and for a checkpoint of the first format.
  let record: TrainingRecord?
  /// Later checkpoints, which are not whole.
  let damaged: [String]

  init(
    request: TrainingRequest, settings: TrainingSettings, plan: OutputPlan, lock: FolderLock? = nil,
    checkpoint: TrainingCheckpoint? = nil, record: TrainingRecord? = nil, damaged: [String] = []
  ) throws {
    self.settings = settings
    self.request = request
    self.plan = plan
    self.lock = lock
    self.checkpoint = checkpoint
    self.record = record
    self.damaged = damaged
    _ = try dataPath
    if request.scheduler != nil, settings.task == .classifier { throw PipelineError.classifierScheduler }
    guard request.ranks.isRoot else { return }
    if let preview = plan.preview { try OutputFile.checkWritable(preview) }
    guard let export = request.output.export else { return }
    if settings.task == .diffusion { try ModelWriter.check(export) } else { try ClassifierModel.checkExport(export) }
  }

  /// The path of the images.
  var dataPath: String {
    get throws {
      guard let path = request.data ?? record?.data.path else {
        throw PipelineError.noData(checkpoint: checkpoint?.file.file.path)
      }
      return path
    }
  }

  /// Reads the data into memory, with labels where they are needed, and compares them with those of the checkpoint.
  ///
  /// - Parameters:
  ///   - channels: The channels that the network takes, where they are known.
  ///   - note: Told what the user should know.
  func openData(channels: Int?, _ note: (String) -> Void) throws -> (set: ImageSet, data: TrainingData) {
    let path = try dataPath, reading = request.reading ?? record?.data.reading ?? ImageReading()
    let set = try ImageSet(Dataset.open(path, reading, channels: channels, note: note))
    guard settings.task != .classifier || !set.labels.isEmpty else {
      throw FileError(path, "holds no labels, which a classifier needs")
    }
    note(
      "\(path): \(set.count) images of \(set.shape)" + (set.labels.isEmpty ? "" : ", \(set.labels.count) labels each"))
    if request.output.export != nil, set.count < 2, settings.task == .diffusion {
      note("\(path): one image has no covariance; the model is exported without statistics")
    }
    let data = TrainingData(set, path: path, reading: reading)
    guard let recorded = record?.data else { return (set, data) }
    if let difference = data.difference(from: recorded) {
      guard request.allowsOtherData, difference.field != "shape" else {
        throw PipelineError.otherData(
          path: path, field: difference.field, asked: difference.asked, recorded: difference.recorded)
      }
      note("\(path): \(difference.field) is \(difference.asked) instead of \(difference.recorded)")
    } else if data.path != recorded.path {
      note("data is \(data.path) instead of \(recorded.path), with the same images")
    }
    return (set, data)
  }

  /// Compares a configuration that is named with that of the checkpoint.
  func compare(_ asked: JSONValue, _ recorded: JSONValue, source: String) throws(PipelineError) {
    guard let difference = Difference.first(asked, recorded) else { return }
    throw .differs(
      source: source, field: difference.field, asked: difference.asked, recorded: difference.recorded)
  }

  /// What messages call a document in the checkpoint's header.
  func name(of document: String) -> String { "\(checkpoint?.file.file.path ?? "checkpoint"), \(document)" }
}
