import Compute
import DiffusersFormat
import Evaluation
import Files
import Foundation
import Networks

/// The files of a ``FeatureExtractor``: `config.json` and its weights in a directory, and `reference.safetensors` if it has one.
struct ExtractorFiles {
  /// The weights.
  let weights: MappedFile
  private let referenceFile: MappedFile?

  /// Opens the files; the configuration is the network's own business.
  init(_ files: ModelFiles, weights name: String) throws(FileError) {
    weights = try files.open(name)
    referenceFile = files.has(Self.reference) ? try files.open(Self.reference) : nil
  }

  private static let (configuration, reference) = ("config.json", "reference.safetensors")

  /// The weights as parameters.
  func parameters(of files: ModelFiles) throws(FileError) -> ParameterStore {
    try ParameterStore(
      [SafetensorsFile(weights)], path: weights.path, configurationPath: files.path(Self.configuration))
  }

  /// A network as the maker of features, by the digest of its file, or of its values where there is none.
  static func extractor(
    _ name: String, _ files: ExtractorFiles?, _ parameters: [NamedParameter]
  ) throws -> FeatureReference.Extractor {
    let digest = try files?.weights.sha256 ?? sha256(of: parameters.flatMap { try $0.parameter.values() })
    return .init(name: name, sha256: digest)
  }

  /// The features of the network's own data, if there are any.
  ///
  /// - Throws: `FileError` if the file is damaged, `EvaluationError` if another network made it.
  func reference(by extractor: FeatureReference.Extractor) throws -> FeatureReference? {
    guard let referenceFile else { return nil }
    let reference = try FeatureReference(SafetensorsFile(referenceFile))
    try reference.check(extractor, path: referenceFile.path)
    return reference
  }

  /// Finds out before any work is done whether a directory takes a network: there is none yet, and it can be written.
  static func checkExport(_ directory: String, weights: String) throws(FileError) {
    for name in [weights, configuration] {
      let path = (directory as NSString).appendingPathComponent(name)
      guard !FileManager.default.fileExists(atPath: path) else {
        throw FileError(path, "is there already; name a directory without a network")
      }
    }
    try OutputFile.checkFolder(directory)
  }

  /// Writes weights and configuration, to a directory that holds no network.
  static func write(
    _ parameters: [NamedParameter], _ json: JSONValue, as type: SafetensorsType = .float32, weights: String,
    to directory: String
  ) throws(FileError) {
    try checkExport(directory, weights: weights)
    try OutputFile.prepareFolder(directory)
    var writer = SafetensorsWriter()
    for (name, parameter) in parameters {
      writer.add(name, shape: parameter.shape, values: try parameter.values(for: directory), as: type)
    }
    func join(_ name: String) -> String { (directory as NSString).appendingPathComponent(name) }
    try OutputFile.write(writer.encoded(), to: join(weights))
    try OutputFile.write((json.text + "\n").utf8, to: join(configuration))
  }
}
