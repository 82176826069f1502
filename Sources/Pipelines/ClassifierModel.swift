public import Compute
public import Datasets
import DiffusersFormat
public import Files
import Foundation
public import Networks
import Tensors

/// A classifier with its files: `config.json` and `classifier.safetensors` in a directory.
public struct ClassifierModel {
  /// What messages call it.
  public let name: String
  /// The network.
  public let network: Classifier

  /// A classifier that is there already.
  public init(name: String, network: Classifier) {
    self.name = name
    self.network = network
  }

  /// Reads a directory, or a classifier that the program carries, such as `mnist-classifier`.
  ///
  /// - Throws: ``FileError`` if there is none, or its files do not fit each other.
  public init(_ path: String) throws {
    let files = PretrainedModel.files(path) ?? .folder(path)
    let configuration = try ClassifierConfiguration(files.json("config.json"), path: files.path("config.json"))
    let store = try ParameterStore(
      [SafetensorsFile(files.open(Self.weights))], path: files.path(Self.weights),
      configurationPath: files.path("config.json"))
    self.init(name: path, network: try Classifier(configuration, parameters: store))
  }

  private static let weights = "classifier.safetensors"

  /// Writes both files.
  public func write(as type: SafetensorsType, to directory: String) throws(FileError) {
    try OutputFile.prepareFolder(directory)
    var writer = SafetensorsWriter()
    for (name, parameter) in network.parameters {
      writer.add(name, shape: parameter.shape, values: parameter.values(), as: type)
    }
    func join(_ name: String) -> String { (directory as NSString).appendingPathComponent(name) }
    try OutputFile.write(writer.encoded(), to: join(Self.weights))
    try OutputFile.write((network.configuration.json.text + "\n").utf8, to: join("config.json"))
  }

  /// What the classifier says of many images.
  public struct Answers: Sendable {
    /// The features of every image, `[images, featureCount]`.
    public var features: [Float] = []
    /// The most likely class of every image, one list a question.
    public var classes: [[Int]]
  }

  /// Classifies images.
  ///
  /// - Parameters:
  ///   - source: Images of the classifier's size.
  ///   - backend: The device.
  ///   - keepsFeatures: Whether the features are wanted.
  public func answers(to source: any ImageSource, on backend: any Backend, keepsFeatures: Bool = false) throws
    -> Answers
  {
    let configuration = network.configuration, shape = source.shape, size = configuration.imageSize
    guard shape.channels == configuration.inputChannels, shape.height == size.height, shape.width == size.width else {
      throw PipelineError(
        "\(source.path): images of \(shape); \(name) takes \(configuration.inputChannels)x\(size.height)x\(size.width)")
    }
    var answers = Answers(classes: .init(repeating: [], count: configuration.heads.count))
    while true {
      let images = try source.next(100)
      if images.isEmpty { return answers }
      let count = images.count / shape.count
      let x = Tensor(images, shape: [count, shape.channels, shape.height, shape.width], on: backend)
      let (features, logits) = network.features(of: x)
      if keepsFeatures { answers.features += try features.tensor().values() }
      let values = try logits.tensor().values()
      for place in 0..<count {
        for (question, range) in configuration.logits.enumerated() {
          let start = place * configuration.logitCount + range.lowerBound, own = values[start..<start + range.count]
          answers.classes[question].append((own.indices.max { own[$0] < own[$1] } ?? start) - start)
        }
      }
    }
  }
}
