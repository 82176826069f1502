public import Communication
public import Datasets
import Files
public import Training

/// A request for a training run: paths and settings.
///
/// A run that goes on from a checkpoint has all of it from there. What is named again must agree, but for what is meant to change:
/// steps, the learning rate, where and how often something is written, the device, and on request the data.
public struct TrainingRequest {
  /// The images' path, or nil for that of the checkpoint.
  public var data: String?
  /// How the images are read, or nil as the checkpoint says.
  public var reading: ImageReading?
  /// Labelled images to measure the accuracy of a trained classifier on, which are read as those of the training; nil for none.
  public var testData: String?
  /// Whether a run may go on with other images than it began with; their extents are the same.
  public var allowsOtherData = false
  /// The path of the network's configuration, or nil for that of the checkpoint, or a small network.
  public var configuration: String?
  /// The model whose network, scheduler and weights a new run begins with, or nil for random weights.
  public var origin: TrainingOrigin?
  /// The path of the scheduler's configuration, or nil for that of the checkpoint, or DDPM's.
  public var scheduler: String?
  /// How it is trained.
  public var settings: NamedSettings
  /// Where things go.
  public var output: TrainingOutput
  /// Whether it goes on from the last checkpoint.
  public var resumes: Bool
  /// The processes that train together, of which the first writes the files; all have the same request.
  public var ranks: any Communicator = SingleProcess()
  /// The program and its version, which all ranks have.
  public var program = "diffuse-gpu"

  /// A request.
  public init(data: String?, settings: NamedSettings, output: TrainingOutput, resumes: Bool = false) {
    self.data = data
    self.settings = settings
    self.output = output
    self.resumes = resumes
  }
}

extension TrainingRequest {
  /// Finds out where the run begins and checks what needs no data: settings, paths, and the last checkpoint that is whole.
  ///
  /// - Parameter note: Told what the user should know.
  /// - Throws: `PipelineError` or `FileError` that names what does not fit.
  public func start(_ note: (String) -> Void) throws -> TrainingStart {
    guard resumes else { return try newStart() }
    guard !output.savedCheckpoints.isEmpty else { throw PipelineError.noCheckpoint(folder: output.checkpoints) }
    let lock = ranks.isRoot ? try FolderLock(output.folder) : nil, last = try lastCheckpoint(note)
    if last.record == nil {
      note(
        "\(last.checkpoint.file.file.path): an older version wrote it, which recorded no network, scheduler or data; "
          + "they are what is named, or the defaults")
    }
    let settings = try settings(over: last.checkpoint, note)
    let plan = try OutputPlan(output, over: last.record?.output, note)
    return try TrainingStart(
      request: self, settings: settings, plan: plan, lock: lock, checkpoint: last.checkpoint, record: last.record,
      damaged: last.damaged)
  }

  private func newStart() throws -> TrainingStart {
    try output.checkIsNew()
    let plan = try OutputPlan(output, over: nil) { _ in }, asked = try settings.applied()
    let own = try origin?.settings(asked, namesPrediction: settings.sources.keys.contains("prediction"))
    return try TrainingStart(request: self, settings: own ?? asked, plan: plan)
  }

  /// The last checkpoint that is whole, and those after it, which are not.
  private func lastCheckpoint(
    _ note: (String) -> Void
  ) throws -> (checkpoint: TrainingCheckpoint, record: TrainingRecord?, damaged: [String]) {
    var damaged: [(path: String, fault: String)] = []
    for path in output.savedCheckpoints.reversed() {
      do throws(FileError) {
        let checkpoint = try TrainingCheckpoint(SafetensorsFile(path))
        let record = checkpoint.isFormer ? nil : try TrainingRecord(checkpoint)
        for (_, fault) in damaged { note("\(fault); going on from \(path)") }
        return (checkpoint, record, damaged.map(\.path))
      } catch {
        damaged.append((path, "\(error)"))
      }
    }
    throw PipelineError.damagedCheckpoints(
      folder: output.checkpoints, count: damaged.count, fault: damaged.first?.fault ?? "")
  }

  /// The settings of a checkpoint, with those that are named and may change.
  private func settings(over checkpoint: TrainingCheckpoint, _ note: (String) -> Void) throws -> TrainingSettings {
    let result = try settings.applied(to: checkpoint.settings)
    for (name, source) in settings.sources.sorted(by: { $0.key < $1.key }) {
      let (asked, recorded) = (result.json[name] ?? .null, checkpoint.settings.json[name] ?? .null)
      guard asked != recorded else { continue }
      guard NamedSettings.mayChange.contains(name) else {
        throw PipelineError.differs(source: source, field: name, asked: asked.line, recorded: recorded.line)
      }
      note("\(name) is \(asked.line) instead of \(recorded.line)")
    }
    guard result.steps >= checkpoint.step else {
      throw PipelineError.stepsDone(asked: result.steps, done: checkpoint.step)
    }
    return result
  }
}
