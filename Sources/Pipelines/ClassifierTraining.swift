public import Compute
public import Datasets
public import Files
import Foundation
import Networks
public import Training

/// A training of a classifier as a user asks for it: paths and settings.
public struct ClassifierTraining {
  /// The images' path.
  public var data: String
  /// The path of a classifier's configuration, or nil for the default one.
  public var configuration: String?
  /// How it is trained; a run that goes on has those of its checkpoint, and may only do more steps.
  public var settings: TrainingSettings
  /// Where things go.
  public var output: TrainingOutput
  /// Whether it goes on from the last checkpoint.
  public var resumes: Bool

  /// A request.
  public init(
    data: String, configuration: String?, settings: TrainingSettings, output: TrainingOutput, resumes: Bool
  ) {
    self.data = data
    self.configuration = configuration
    self.settings = settings
    self.output = output
    self.resumes = resumes
  }

  /// An open run.
  public struct Run {
    /// The run.
    public let pipeline: TrainingPipeline
    let network: Classifier

    /// Writes the averages of the weights.
    public func export(to directory: String, as type: SafetensorsType) throws {
      try pipeline.trainer.withAverages {
        try ClassifierModel(name: directory, network: network).write(as: type, to: directory)
      }
    }

    /// How right the averages of the weights are about a labelled data set.
    public func accuracy(on path: String) throws -> ClassificationReport {
      try pipeline.trainer.withAverages {
        try ClassificationReport(
          of: ClassifierModel(name: "the classifier in training", network: network), on: Dataset.open(path),
          pipeline.trainer.backend)
      }
    }
  }

  /// Reads the data, builds the network and opens the run.
  public func open(on backend: any Backend, note: (String) -> Void) throws -> Run {
    let set = try TrainingSet(Dataset.open(data))
    guard !set.labels.isEmpty else { throw PipelineError("\(data): holds no labels, which a classifier needs") }
    note("\(data): \(set.count) images of \(set.shape), \(set.labels.count) labels each")
    let settings = try output.continued(settings, resumes: resumes)
    let network = try Classifier(
      try networkConfiguration(set, settings), parameters: InitialParameters(seed: settings.seed))
    let task = ClassificationTask(network, smoothing: settings.labelSmoothing)
    let pipeline = try TrainingPipeline(task, settings, set, output, sampler: nil, resumes: resumes, on: backend)
    let count = network.parameters.reduce(0) { $0 + $1.parameter.count }
    note("\(count) parameters, steps \(pipeline.trainer.step) to \(settings.steps) of \(settings.batch) images")
    return Run(pipeline: pipeline, network: network)
  }

  private func networkConfiguration(
    _ set: TrainingSet, _ settings: TrainingSettings
  ) throws -> ClassifierConfiguration {
    var result: ClassifierConfiguration
    if let path = configuration {
      result = try ClassifierConfiguration(JSONValue(contentsOf: path), path: path)
      let fits =
        result.heads.count == set.labels.count
        && zip(result.heads, set.labels.indices).allSatisfy {
          $0.classes >= set.classCount($1)
        }
      guard fits else { throw PipelineError("\(path): the heads do not fit the labels of \(data)") }
      guard result.inputChannels == set.shape.channels, result.imageSize.height == set.shape.height,
        result.imageSize.width == set.shape.width
      else { throw PipelineError("\(path): the network does not take images of \(set.shape)") }
    } else {
      result = ClassifierConfiguration(
        inputChannels: set.shape.channels, imageSize: .init(height: set.shape.height, width: set.shape.width),
        heads: set.labels.indices.map { .init(name: "label \($0)", classes: set.classCount($0)) })
    }
    if let dropout = settings.dropout { result.dropout = dropout }
    return result
  }
}

extension TrainingOutput {
  /// The settings of the run: those of the last checkpoint, with more steps if that is asked for, or for a new run the given.
  func continued(_ settings: TrainingSettings, resumes: Bool) throws -> TrainingSettings {
    guard resumes, let last = savedCheckpoints.last else { return settings }
    var saved = try Trainer.settings(of: SafetensorsFile(last))
    if settings.steps != TrainingSettings().steps { saved.steps = max(saved.steps, settings.steps) }
    return saved
  }
}
