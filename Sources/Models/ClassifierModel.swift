public import Compute
public import Datasets
public import DiffusersFormat
public import Evaluation
public import Files
import Foundation
public import Networks
public import Tensors

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

  /// Reads the files of a classifier.
  ///
  /// - Throws: `FileError` if there are none, or they do not fit each other.
  public init(name: String, _ files: ModelFiles) throws {
    let configuration = try ClassifierConfiguration(files.json("config.json"), path: files.path("config.json"))
    let store = try ParameterStore(
      [SafetensorsFile(files.open(Self.weights))], path: files.path(Self.weights),
      configurationPath: files.path("config.json"))
    self.init(name: name, network: try Classifier(configuration, parameters: store))
  }

  private static let weights = "classifier.safetensors"

  /// Finds out before any work is done whether a directory takes a classifier: there is none yet, and it can be written.
  public static func checkExport(_ directory: String) throws(FileError) {
    for name in [weights, "config.json"] {
      let path = (directory as NSString).appendingPathComponent(name)
      guard !FileManager.default.fileExists(atPath: path) else {
        throw FileError(path, "is there already; name a directory without a network")
      }
    }
    try OutputFile.checkFolder(directory)
  }

  /// Writes both files, to a directory that holds no network.
  public func write(as type: SafetensorsType, to directory: String) throws(FileError) {
    try Self.checkExport(directory)
    try OutputFile.prepareFolder(directory)
    var writer = SafetensorsWriter()
    for (name, parameter) in network.parameters {
      writer.add(name, shape: parameter.shape, values: parameter.values(), as: type)
    }
    func join(_ name: String) -> String { (directory as NSString).appendingPathComponent(name) }
    try OutputFile.write(writer.encoded(), to: join(Self.weights))
    try OutputFile.write((network.configuration.json.text + "\n").utf8, to: join("config.json"))
  }

  /// The extents of the images that the classifier takes.
  public var imageShape: ImageShape {
    let configuration = network.configuration
    return ImageShape(
      channels: configuration.inputChannels, height: configuration.imageSize.height,
      width: configuration.imageSize.width)
  }

  /// The classifier's predictions for many images.
  public struct Answers: Sendable {
    /// The embedding of every image, `[images, featureCount]`.
    public var features: [Float] = []
    /// The most likely class of every image, one list a head.
    public var classes: [[Int]]
  }

  /// Classifies images.
  ///
  /// - Parameters:
  ///   - source: Images of the classifier's size.
  ///   - backend: The device.
  ///   - keepsFeatures: Whether the embeddings are wanted.
  /// - Throws: ``ModelError`` if the images are of another size, or an error of reading or of the device.
  public func answers(to source: any ImageSource, on backend: any Backend, keepsFeatures: Bool = false) throws
    -> Answers
  {
    let configuration = network.configuration, shape = source.shape
    try check(source)
    var answers = Answers(classes: .init(repeating: [], count: configuration.heads.count))
    while true {
      let images = try source.next(100)
      if images.isEmpty { return answers }
      let count = images.count / shape.count
      let x = Tensor(images, shape: [count, shape.channels, shape.height, shape.width], on: backend)
      let (embedding, logits) = network.forward(x)
      if keepsFeatures { answers.features += try embedding.tensor().values() }
      let values = try logits.tensor().values()
      for place in 0..<count {
        for (head, range) in configuration.logits.enumerated() {
          let start = place * configuration.logitCount + range.lowerBound, own = values[start..<start + range.count]
          answers.classes[head].append((own.indices.max { own[$0] < own[$1] } ?? start) - start)
        }
      }
    }
  }

  /// The labels of a data set, one list a head, if its accuracy can be told.
  ///
  /// - Throws: ``ModelError`` if there are no labels, not as many kinds as heads, or images of another size.
  public func labels(of source: any ImageSource) throws -> [[Int]] {
    try check(source)
    let labels = try source.labelSets(), heads = network.configuration.heads
    guard labels.count == heads.count else {
      throw ModelError.labels(path: source.path, count: labels.count, heads: heads.count, model: name)
    }
    return labels
  }

  private func check(_ source: any ImageSource) throws(ModelError) {
    guard source.shape == imageShape else {
      throw .images(path: source.path, shape: source.shape, model: name, expected: imageShape)
    }
  }

  /// Classifies a data set and compares with its labels.
  ///
  /// - Throws: As ``labels(of:)`` does.
  public func report(on source: any ImageSource, _ backend: any Backend) throws -> ClassificationReport {
    let labels = try labels(of: source), heads = network.configuration.heads
    let answers = try answers(to: source, on: backend)
    return ClassificationReport(
      count: answers.classes.first?.count ?? 0,
      heads: heads.enumerated().map { place, head in
        .init(name: head.name, classes: head.classes, labels: labels[place], answers: answers.classes[place])
      })
  }

  /// The moments of the embeddings of images, and the class proportions of the first head.
  ///
  /// - Throws: ``ModelError`` if there are fewer than two images or they are of another size.
  public func featureStatistics(of source: any ImageSource, on backend: any Backend) throws -> FeatureStatistics {
    let configuration = network.configuration
    let answers = try answers(to: source, on: backend, keepsFeatures: true), count = answers.classes[0].count
    guard count >= 2 else { throw ModelError.tooFewImages(path: source.path, count: count) }
    guard answers.features.allSatisfy(\.isFinite) else {
      throw FileError(source.path, "\(name) gives embeddings that are not finite")
    }
    return FeatureStatistics(
      features: answers.features, width: configuration.featureCount, classes: answers.classes[0],
      classCount: configuration.heads[0].classes)
  }
}
