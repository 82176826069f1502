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

extension TrainingStart {
  /// Reads the data, builds a classifier and opens its training.
  ///
  /// - Parameters:
  ///   - backend: The device.
  ///   - note: Told what the user should know.
  public func classifier(on backend: any Backend, note: (String) -> Void) throws -> ClassifierTraining {
    let (set, data) = try openData(channels: channels(of: ClassifierConfiguration.self), note)
    let configuration = try configuration {
      try namedConfiguration(set)
    } check: {
      try check($0, set, path: $1)
    }
    let network = try Classifier(configuration, parameters: InitialParameters(seed: settings.seed))
    let own = TrainingRecord(
      network: configuration.json, scheduler: nil, data: data, output: plan, on: backend)
    record?.compareDevice(with: own, note)
    let pipeline = try TrainingPipeline(
      ClassificationTask(network, smoothing: settings.labelSmoothing), set, self, own, sampler: nil, on: backend)
    pipeline.announce(note)
    return ClassifierTraining(pipeline: pipeline, network: network, reading: data.reading)
  }

  private func namedConfiguration(_ set: ImageSet) throws -> ClassifierConfiguration {
    var result: ClassifierConfiguration
    if let path = request.configuration {
      result = try ClassifierConfiguration(JSONValue(contentsOf: path), path: path)
      try check(result, set, path: path)
    } else {
      result = ClassifierConfiguration(
        inputChannels: set.shape.channels, imageSize: .init(height: set.shape.height, width: set.shape.width),
        heads: set.labels.indices.map { .init(name: "label \($0)", classes: set.classCount($0)) })
    }
    if let dropout = settings.dropout { result.dropout = dropout }
    return result
  }

  /// Whether a network takes the images and has a head for each kind of label.
  private func check(_ network: ClassifierConfiguration, _ set: ImageSet, path: String) throws {
    let fits =
      network.heads.count == set.labels.count
      && zip(network.heads, set.labels.indices).allSatisfy { $0.classes >= set.classCount($1) }
    guard fits else { throw FileError(path, "the heads do not fit the labels of \(try dataPath)") }
    guard network.inputChannels == set.shape.channels, network.imageSize == set.shape.size
    else { throw FileError(path, "the network does not take images of \(set.shape)") }
  }
}
