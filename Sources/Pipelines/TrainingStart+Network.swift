import DiffusersFormat
import Files
import Networks

/// What a training needs to know of a network's configuration, whichever network it is.
protocol TrainedConfiguration {
  /// Reads the configuration from a document.
  init(_ json: JSONValue, path: String) throws(FileError)
  /// The document.
  var json: JSONValue { get }
  /// Channels of the images that the network takes.
  var inputChannels: Int { get }
}

extension UNetConfiguration: TrainedConfiguration {}
extension ClassifierConfiguration: TrainedConfiguration {}

extension TrainingStart {
  /// The channels that a network takes which is named or in the checkpoint, or nil; they tell layouts of arrays apart.
  func channels(of type: (some TrainedConfiguration).Type) throws -> Int? {
    if let origin = request.origin { return origin.inputChannels }
    if let path = request.configuration { return try type.init(JSONValue(contentsOf: path), path: path).inputChannels }
    return try record.map { try type.init($0.network, path: name(of: "network")).inputChannels }
  }

  /// The network of the checkpoint, which what is named agrees with; or that of a new run.
  ///
  /// - Parameters:
  ///   - named: Makes the configuration of a new run.
  ///   - check: Finds out whether the network of a path takes the images.
  func configuration<Configuration: TrainedConfiguration>(
    named: () throws -> Configuration, check: (Configuration, _ path: String) throws -> Void
  ) throws -> Configuration {
    guard let record else { return try named() }
    if let path = request.configuration { try compare(named().json, record.network, source: path) }
    let path = name(of: "network"), result = try Configuration(record.network, path: path)
    try check(result, path)
    return result
  }
}
