public import Compute
public import DiffusersFormat
public import Evaluation
public import Files
public import Networks
public import Tensors

/// The network of the Frechet inception distance with its files: `config.json` and `inception.safetensors` in a directory, and
/// `reference.safetensors` if it has one.
///
/// It has no classes: its last layer is left out.
public struct InceptionModel {
  /// What messages call it.
  public let name: String
  /// The network.
  public let network: Inception
  private let files: ExtractorFiles?

  /// Reads a network that ``write(to:)`` has written.
  ///
  /// - Throws: `FileError` if there is none, or its files do not fit each other; `NetworkError` if a weight is missing or not finite.
  public init(name: String, _ files: ModelFiles) throws {
    let configuration = try files.json("config.json"), path = files.path("config.json")
    guard Self.isKind(of: configuration) else { throw FileError(path, "is no configuration of \(Self.kind)") }
    guard configuration["features"]?.string == Self.layer else {
      throw FileError(path, "features: FID is of '\(Self.layer)', which alone is read")
    }
    let own = try ExtractorFiles(files, weights: Self.weights)
    self.init(name: name, network: try Inception(parameters: own.parameters(of: files)), files: own)
  }

  /// Makes the network from pytorch-fid's weights, see `InceptionWeights`.
  ///
  /// - Parameters:
  ///   - name: What messages call it.
  ///   - weights: The weights.
  /// - Throws: `FileError` or `NetworkError` that names the file if they are of another network, or not finite.
  public init(name: String, converting weights: any TensorFile) throws {
    let source = try InceptionWeights(weights)
    self.init(name: name, network: try Inception(parameters: source), files: nil)
    try source.checkAllRead()
  }

  private init(name: String, network: Inception, files: ExtractorFiles?) {
    self.name = name
    self.network = network
    self.files = files
  }

  private static let (kind, layer, weights) = ("FIDInceptionV3", "pool3", "inception.safetensors")

  /// Whether a configuration is of such a network.
  static func isKind(of configuration: JSONValue) -> Bool { configuration["_class_name"]?.string == kind }

  /// Finds out before any work is done whether a directory takes the network: there is none yet, and it can be written.
  public static func checkExport(_ directory: String) throws(FileError) {
    try ExtractorFiles.checkExport(directory, weights: weights)
  }

  /// Writes both files, to a directory that holds no network; the weights in 32 bits.
  public func write(to directory: String) throws(FileError) {
    let configuration = JSONValue.object(["_class_name": .string(Self.kind), "features": .string(Self.layer)])
    try ExtractorFiles.write(network.parameters, configuration, weights: Self.weights, to: directory)
  }
}

extension InceptionModel: FeatureExtractor {
  /// The distance of Heusel and others (2017).
  public var distanceName: String { "FID" }

  /// The network by the digest of its file, or of its values where there is none.
  ///
  /// - Throws: What the device throws that holds the values.
  public var extractor: FeatureReference.Extractor {
    get throws { try ExtractorFiles.extractor(name, files, network.parameters) }
  }

  /// 2048.
  public var featureCount: Int { Inception.featureCount }
  /// None.
  public var questions: [(name: String, classCount: Int)] { [] }
  /// Grey images count as three equal channels.
  public var imageChannels: Int? { nil }
  /// The widest layers hold some 15 MB an image.
  public var batch: Int { 20 }

  /// The features of data, where the directory holds them as `reference.safetensors`.
  ///
  /// - Throws: `FileError` if the file is damaged, `EvaluationError` if other weights made it.
  public func reference() throws -> FeatureReference? { try files?.reference(by: try extractor) }

  /// Checks that images are grey or in colour; their size may be any.
  public func check(_ shape: ImageShape, path: String) throws(ModelError) {
    guard [1, 3].contains(shape.channels) else {
      throw .channels(path: path, count: shape.channels, model: name)
    }
  }

  /// The features of a batch; there are no logits.
  public func describe(_ images: Tensor) throws(DeviceError) -> (features: [Float], logits: [[Float]]) {
    let count = images.rows
    var features = [Float](repeating: 0, count: count * featureCount), start = 0
    for part in network.features(of: images) {
      let values = try part.tensor().values(), width = part.shape.channels
      for row in 0..<count {
        let place = row * featureCount + start
        features.replaceSubrange(place..<place + width, with: values[row * width..<(row + 1) * width])
      }
      start += width
    }
    return (features, [])
  }
}

/// Networks that describe images, by their files.
public enum FeatureExtractors {
  /// Reads the network of a directory, of whatever kind its `config.json` says.
  ///
  /// - Throws: `FileError` if there is none, or its files do not fit each other.
  public static func read(name: String, _ files: ModelFiles) throws -> any FeatureExtractor {
    try InceptionModel.isKind(of: files.json("config.json"))
      ? InceptionModel(name: name, files) : ClassifierModel(name: name, files)
  }
}
