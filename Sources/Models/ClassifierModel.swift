public import Compute
public import Datasets
public import DiffusersFormat
public import Evaluation
public import Files
import Foundation
public import Networks
public import Tensors

/// A classifier with its files: `config.json` and `classifier.safetensors` in a directory, and `reference.safetensors` if it has one.
public struct ClassifierModel {
  /// What messages call it.
  public let name: String
  /// The network.
  public let network: Classifier
  private let weights: MappedFile?
  private let referenceFile: MappedFile?

  /// A classifier that is there already.
  public init(name: String, network: Classifier) {
    self.init(name: name, network: network, weights: nil, reference: nil)
  }

  private init(name: String, network: Classifier, weights: MappedFile?, reference: MappedFile?) {
    self.name = name
    self.network = network
    self.weights = weights
    referenceFile = reference
  }

  /// Reads the files of a classifier.
  ///
  /// - Throws: `FileError` if there are none, or they do not fit each other.
  public init(name: String, _ files: ModelFiles) throws {
    let configuration = try ClassifierConfiguration(files.json("config.json"), path: files.path("config.json"))
    let weights = try files.open(Self.weights)
    let store = try ParameterStore(
      [SafetensorsFile(weights)], path: files.path(Self.weights), configurationPath: files.path("config.json"))
    self.init(
      name: name, network: try Classifier(configuration, parameters: store), weights: weights,
      reference: files.has(Self.reference) ? try files.open(Self.reference) : nil)
  }

  private static let (weights, reference) = ("classifier.safetensors", "reference.safetensors")

  /// The features of the classifier's own data, where its directory holds them as `reference.safetensors`.
  ///
  /// - Throws: `FileError` if the file is damaged, `EvaluationError` if another classifier made it.
  public func reference() throws -> FeatureReference? {
    guard let referenceFile else { return nil }
    let reference = try FeatureReference(SafetensorsFile(referenceFile))
    try reference.check(extractor, path: referenceFile.path)
    return reference
  }

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

  /// The extents of the images that the classifier takes.
  public var imageShape: ImageShape {
    let configuration = network.configuration
    return ImageShape(
      channels: configuration.inputChannels, height: configuration.imageSize.height,
      width: configuration.imageSize.width)
  }

  /// SHA-256 of the file of weights, or of the parameters' values where there is none.
  var digest: String {
    weights?.sha256 ?? sha256(of: network.parameters.flatMap { $0.parameter.values() })
  }
}
