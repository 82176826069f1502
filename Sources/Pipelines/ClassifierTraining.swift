public import Compute
import Datasets
import DiffusersFormat
public import Evaluation
public import Files
import Models
import Networks
import Tensors
import Training

/// An open training of a classifier.
public struct ClassifierTraining {
  /// The run.
  public let pipeline: TrainingPipeline
  let network: Classifier
  let reading: ImageReading

  /// Writes the EMA weights.
  public func export(to directory: String, as type: SafetensorsType) throws {
    try pipeline.trainer.withEMA {
      try ClassifierModel(name: directory, network: network).write(as: type, to: directory)
    }
  }

  /// The accuracy of the EMA weights on a labelled data set.
  ///
  /// - Parameters:
  ///   - path: The images, which are read as those of the training.
  ///   - note: Told what the user should know.
  public func accuracy(on path: String, note: (String) -> Void = { _ in }) throws -> ClassificationReport {
    let source = try Dataset.open(path, reading, channels: network.configuration.inputChannels, note: note)
    return try pipeline.trainer.withEMA {
      try ClassifierModel(name: "the classifier in training", network: network)
        .report(on: source, pipeline.trainer.backend)
    }
  }
}

extension TrainingRequest {
  /// Reads the data, builds a classifier and opens its training.
  ///
  /// - Parameters:
  ///   - backend: The device.
  ///   - note: Told what the user should know.
  public func classifier(on backend: any Backend, note: (String) -> Void) throws -> ClassifierTraining {
    let channels = try configuration.map { path in
      try ClassifierConfiguration(JSONValue(contentsOf: path), path: path).inputChannels
    }
    let set = try openData(needsLabels: true, channels: channels, note), settings = try runSettings()
    let network = try Classifier(
      try classifierConfiguration(set, settings), parameters: InitialParameters(seed: settings.seed))
    let task = ClassificationTask(network, smoothing: settings.labelSmoothing)
    let pipeline = try TrainingPipeline(task, settings, set, output, sampler: nil, resumes: resumes, on: backend)
    pipeline.announce(note)
    return ClassifierTraining(pipeline: pipeline, network: network, reading: reading)
  }

  private func classifierConfiguration(
    _ set: ImageSet, _ settings: TrainingSettings
  ) throws -> ClassifierConfiguration {
    var result: ClassifierConfiguration
    if let path = configuration {
      result = try ClassifierConfiguration(JSONValue(contentsOf: path), path: path)
      let fits =
        result.heads.count == set.labels.count
        && zip(result.heads, set.labels.indices).allSatisfy {
          $0.classes >= set.classCount($1)
        }
      guard fits else { throw FileError(path, "the heads do not fit the labels of \(data)") }
      guard result.inputChannels == set.shape.channels, result.imageSize.height == set.shape.height,
        result.imageSize.width == set.shape.width
      else { throw FileError(path, "the network does not take images of \(set.shape)") }
    } else {
      result = ClassifierConfiguration(
        inputChannels: set.shape.channels, imageSize: .init(height: set.shape.height, width: set.shape.width),
        heads: set.labels.indices.map { .init(name: "label \($0)", classes: set.classCount($0)) })
    }
    if let dropout = settings.dropout { result.dropout = dropout }
    return result
  }
}
