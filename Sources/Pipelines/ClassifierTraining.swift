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
  /// Labelled images to measure the accuracy on, or nil.
  let test: (any ImageSource)?

  /// Writes the EMA weights.
  public func export(to directory: String, as type: SafetensorsType) throws {
    try pipeline.trainer.withEMA {
      try ClassifierModel(name: directory, network: network).write(as: type, to: directory)
    }
  }

  /// The accuracy of the EMA weights on the test images of the request, once; nil where it names none.
  public func accuracy() throws -> ClassificationReport? {
    try test.map { source in
      try pipeline.trainer.withEMA { try network.inTraining.report(on: source, pipeline.trainer.backend) }
    }
  }
}

extension Classifier {
  /// The network as a model, while it is trained.
  fileprivate var inTraining: ClassifierModel { ClassifierModel(name: "the classifier in training", network: self) }
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
    let network = try Classifier(configuration, parameters: initialParameters)
    let own = TrainingRecord(
      network: configuration.json, scheduler: nil, data: data, output: plan,
      origin: try origin, on: backend)
    record?.compareDevice(with: own, note)
    let test = try request.testData.map { path in
      try Dataset.open(path, data.reading, channels: configuration.inputChannels, note: note)
    }
    try test.map { _ = try network.inTraining.labels(of: $0) }
    let pipeline = try TrainingPipeline(
      ClassificationTask(network, smoothing: settings.labelSmoothing), set, self, own, sampler: nil, on: backend)
    pipeline.announce(note)
    return ClassifierTraining(pipeline: pipeline, network: network, test: test)
  }

  private func namedConfiguration(_ set: ImageSet) throws -> ClassifierConfiguration {
    var result: ClassifierConfiguration
    if case .classifier(let model) = request.origin {
      result = model.network.configuration
      try check(result, set, path: model.name)
    } else if let path = request.configuration {
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
