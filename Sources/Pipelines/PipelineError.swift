public import Files
public import Tensors
public import Training

/// A request that cannot be met.
public enum PipelineError: Error, Sendable, Hashable, CustomStringConvertible {
  /// A run without seeds.
  case noSeeds
  /// A setting's number that is out of its range.
  case number(setting: String, fault: NumberFault)
  /// Samples that are not finite.
  case notFinite(seeds: [UInt64])
  /// A training step at which no run can begin.
  case start(timestep: Int, last: Int)
  /// A late start that needs the statistics of the data.
  case noStatistics(model: String, kind: LateStartKind)
  /// A late start by class without the statistics of classes.
  case noClassStatistics(model: String)
  /// A class that the statistics of classes do not have.
  case startClass(label: Int, count: Int)
  /// Statistics of the classes of samples that are drawn without one.
  case noSampleClasses
  /// A start that is to be found, of a model that carries neither a fit nor the statistics for one.
  case noFit(model: String)
  /// A start that is to be found where the fit has none for the number of steps.
  case noStart(model: String, steps: Int)
  /// A fit over noise levels of which too few differ.
  case fewLevels(model: String, count: Int)
  /// A fit of a model with classes to images without labels.
  case noLabels(data: String, model: String)
  /// Pictures to noise that do not fit the run.
  case inputImages(path: String?, fault: String)
  /// Recorded noise to begin with that does not fit the run.
  case initialNoise(path: String?, fault: String)
  /// Recorded noise of the steps that does not fit the run.
  case stepNoise(path: String?, fault: String)
  /// Ranks that would train different things.
  case ranksDiffer(rank: Int, field: String, value: String, expected: String)
  /// Less memory than one sample takes, in bytes.
  case memory(available: Int, needed: Int)
  /// A batch that does not fit into the memory, in bytes, and one that does.
  case batch(Int, needed: Int, available: Int, fitting: Int)
  /// A file that is no longer what it was when a run was recorded.
  case changed(file: String)
  /// A record that this program did not write, or not whole.
  case record(path: String, fault: String)
  /// A new training in a folder that holds a checkpoint.
  case checkpointExists(folder: String, checkpoint: String)
  /// A training that is to go on where there is no checkpoint.
  case noCheckpoint(folder: String)
  /// Checkpoints of which none is whole, and what is wrong with the last.
  case damagedCheckpoints(folder: String, count: Int, fault: String)
  /// Something that a run is asked to go on with, by a file or else by the caller, and that is not what it began with.
  case differs(source: String?, field: String, asked: String, recorded: String)
  /// A model to begin with that is not of the task.
  case originTask(model: String, task: TrainingSettings.Task)
  /// A model to begin with whose network is of the caller's own kind.
  case originNetwork(model: String)
  /// A model to begin with that predicts something else than is asked for.
  case originPredicts(model: String, predicts: String, asked: String)
  /// Other images than a run began with.
  case otherData(path: String, field: String, asked: String, recorded: String)
  /// Fewer steps than a run has done.
  case stepsDone(asked: Int, done: Int)
  /// A training without images, new or from a checkpoint that does not say where they are.
  case noData(checkpoint: String?)
  /// A scheduler for a classifier, which has none.
  case classifierScheduler
  /// Training of a network of unscaled data, which can be sampled only.
  case unscaledTraining(scheduler: String)
  /// A likelihood under a model whose denoiser has no derivatives.
  case noDerivatives(model: String)
  /// A number of checkpoints or of steps between two files that is not possible.
  case outputPlan(field: String, value: Int, least: Int, most: Int)
  /// A kind of label that the data do not have.
  case label(kind: Int, data: String, kinds: Int)
  /// The default network does not take images of this size.
  case unfitForSmallNetwork(data: String, shape: ImageShape)
  /// A network with classes, and no word on which labels they are.
  case unnamedLabel(configuration: String)

  /// The fault as one line that says what would be right.
  public var description: String {
    switch self {
    case .noSeeds: "no image is asked for"
    case .number(let setting, let fault): "\(setting): \(fault)"
    case .notFinite(let seeds):
      "the samples of seeds \(SeedRanges(Array(seeds.prefix(20))))\(seeds.count > 20 ? " and others" : "") are not finite "
        + "(NaN or infinity); weights, noise or schedule are beyond 32 bits"
    case .start(let timestep, let last): "start \(timestep): the training steps to start at are 1 to \(last)"
    case .noStatistics(let model, let kind):
      "\(model): holds no statistics of its data, which a late start of kind \(kind.rawValue) needs"
    case .noClassStatistics(let model):
      "\(model): holds no statistics of the classes of its data, which a late start of kind class-gaussian needs"
    case .startClass(let label, let count):
      "class \(label): the statistics are of \(count) classes, 0 to \(count - 1); a start by class needs one of them"
    case .noSampleClasses: "the samples have no classes; statistics of classes need those of a class-conditional model"
    case .noFit(let model):
      "\(model): carries neither a fit of its late start nor statistics of its data to make one from"
    case .noStart(let model, let steps):
      "\(model): the Gaussian predicts better than the network wherever \(steps) steps could begin; no late start is worth it"
    case .fewLevels(let model, let count):
      "\(model): only \(count) training steps lie below the detail; at least three are needed"
    case .noLabels(let data, let model): "\(data): holds no labels, and \(model) has classes"
    case .inputImages(let path, let fault): line("input images", path, fault)
    case .initialNoise(let path, let fault): line("initial noise", path, fault)
    case .stepNoise(let path, let fault): line("step noise", path, fault)
    case .memory(let available, let needed):
      "\(ByteCount(available)) are too little; one image takes about \(ByteCount(needed))"
    case .batch(let batch, let needed, let available, let fitting):
      "a batch of \(batch) takes about \(ByteCount(needed)); \(ByteCount(available)) hold \(fitting)"
    case .changed(let file): "\(file): is not what it was when the run was recorded"
    case .record(let path, let fault): "\(path): \(fault)"
    case .checkpointExists(let folder, let checkpoint):
      "\(folder): holds the checkpoint \(checkpoint); go on from it, or name another folder"
    case .noCheckpoint(let folder): "\(folder): holds no checkpoint to go on from"
    case .damagedCheckpoints(let folder, let count, let fault):
      "\(folder): none of \(count) checkpoints is whole; \(fault)"
    case .differs(let source, let field, let asked, let recorded):
      (source.map { "\($0): " } ?? "")
        + "\(field) is \(asked), the run has \(recorded); leave it out, or begin a run in another folder"
    case .ranksDiffer(let rank, let field, let value, let expected):
      "rank \(rank): \(field) is \(value), rank 0 has \(expected); all ranks of a run have the same"
    case .originTask(let model, let task): "\(model): is no model that a training of task \(task.rawValue) begins with"
    case .originNetwork(let model): "\(model): is no U-Net, which a training builds anew"
    case .originPredicts(let model, let predicts, let asked):
      "prediction is \(asked), \(model) predicts \(predicts); leave it out"
    case .otherData(let path, let field, let asked, let recorded):
      "\(path): \(field) of the images is \(asked), the run began with \(recorded)"
    case .stepsDone(let asked, let done): "steps is \(asked), the run has done \(done); at least as many are needed"
    case .noData(let checkpoint):
      (checkpoint.map { "\($0): does not say where the images are; " } ?? "") + "the images to train on are needed"
    case .classifierScheduler: "a classifier has no scheduler"
    case .noDerivatives(let model):
      "\(model): has no derivatives by the state, which a likelihood needs; networks, data sets, mixtures and Gaussians have"
    case .unscaledTraining(let name):
      "networks with preconditioning cannot be trained, and \(name) is for such; DDPMScheduler's noise levels can be trained on"
    case .outputPlan(let field, let value, let least, let most):
      "\(field) is \(value); \(least) to \(most) is possible"
    case .label(let kind, let data, let kinds):
      "label \(kind): \(data) has \(kinds) kinds of label, counted from 0"
    case .unfitForSmallNetwork(let data, let shape):
      "\(data): images of \(shape); the small network needs multiples of 4"
    case .unnamedLabel(let configuration): "\(configuration): the network has classes; name the kind of label"
    }
  }

  private func line(_ subject: String, _ path: String?, _ fault: String) -> String {
    subject + (path.map { " \($0)" } ?? "") + ": " + fault
  }
}

/// An amount of memory as it is printed, in megabytes or gigabytes with one decimal.
public struct ByteCount: Sendable, Hashable, CustomStringConvertible {
  /// The amount in bytes.
  public let bytes: Int

  /// An amount in bytes.
  public init(_ bytes: Int) {
    self.bytes = bytes
  }

  /// The amount with its unit, such as `1.5 GB`.
  public var description: String {
    bytes < 1_000_000_000 ? Self.decimal(Double(bytes) / 1e6) + " MB" : Self.decimal(Double(bytes) / 1e9) + " GB"
  }

  private static func decimal(_ value: Double) -> String {
    let tenths = Int((value * 10).rounded())
    return "\(tenths / 10).\(tenths % 10)"
  }
}
