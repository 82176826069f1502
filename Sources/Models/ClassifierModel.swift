public import Compute
public import DiffusersFormat
public import Evaluation
public import Files
public import Networks
public import Tensors

/// A classifier with its files: `config.json` and `classifier.safetensors` in a directory, and `reference.safetensors` if it has one.
public struct ClassifierModel {
  /// What messages call it.
  public let name: String
  /// The network.
  public let network: Classifier
  private let files: ExtractorFiles?

  /// A classifier that is there already.
  public init(name: String, network: Classifier) {
    self.init(name: name, network: network, files: nil)
  }

  private init(name: String, network: Classifier, files: ExtractorFiles?) {
    self.name = name
    self.network = network
    self.files = files
  }

  /// Reads the files of a classifier.
  ///
  /// - Throws: `FileError` if there are none, or they do not fit each other.
  public init(name: String, _ files: ModelFiles) throws {
    let configuration = try ClassifierConfiguration(files.json("config.json"), path: files.path("config.json"))
    let own = try ExtractorFiles(files, weights: Self.weights)
    self.init(
      name: name, network: try Classifier(configuration, parameters: own.parameters(of: files)), files: own)
  }

  private static let weights = "classifier.safetensors"

  /// Finds out before any work is done whether a directory takes a classifier: there is none yet, and it can be written.
  public static func checkExport(_ directory: String) throws(FileError) {
    try ExtractorFiles.checkExport(directory, weights: weights)
  }

  /// Writes both files, to a directory that holds no network.
  public func write(as type: SafetensorsType, to directory: String) throws(FileError) {
    try ExtractorFiles.write(
      network.parameters, network.configuration.json, as: type, weights: Self.weights, to: directory)
  }

  /// The extents of the images that the classifier takes.
  public var imageShape: ImageShape {
    let configuration = network.configuration
    return ImageShape(
      channels: configuration.inputChannels, height: configuration.imageSize.height,
      width: configuration.imageSize.width)
  }
}

extension ClassifierModel: FeatureExtractor {
  /// No distance in a classifier's features is called FID.
  public var distanceName: String { "Frechet distance" }

  /// The classifier by the digest of its weights: of its file, or of its values where there is none.
  ///
  /// - Throws: What the device throws that holds the values.
  public var extractor: FeatureReference.Extractor {
    get throws { try ExtractorFiles.extractor(name, files, network.parameters) }
  }

  /// Channels of the last level.
  public var featureCount: Int { network.configuration.featureCount }
  /// The heads.
  public var questions: [(name: String, classCount: Int)] { network.configuration.heads.map { ($0.name, $0.classes) } }
  /// Those of the configuration.
  public var imageChannels: Int? { imageShape.channels }
  /// A hundred small images.
  public var batch: Int { 100 }

  /// The features of the classifier's own data, where its directory holds them as `reference.safetensors`.
  ///
  /// - Throws: `FileError` if the file is damaged, `EvaluationError` if another classifier made it.
  public func reference() throws -> FeatureReference? { try files?.reference(by: try extractor) }

  /// Checks that images are of the classifier's size.
  public func check(_ shape: ImageShape, path: String) throws(ModelError) {
    guard shape == imageShape else {
      throw .images(path: path, shape: shape, model: name, expected: imageShape)
    }
  }

  /// The embeddings of a batch and each head's logits.
  public func describe(_ images: Tensor) throws(DeviceError) -> (features: [Float], logits: [[Float]]) {
    let configuration = network.configuration, width = configuration.logitCount
    let (embedding, output) = network.forward(images)
    let values = try output.tensor().values()
    let logits = configuration.logits.map { range in
      (0..<images.rows).flatMap { values[$0 * width + range.lowerBound..<$0 * width + range.upperBound] }
    }
    return (try embedding.tensor().values(), logits)
  }
}
