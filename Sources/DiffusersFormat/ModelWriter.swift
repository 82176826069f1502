import Compute
public import Files
import Foundation
public import Networks

/// Writing of a network as a directory that diffusers and this program load.
public struct ModelWriter {
  /// The element type of the weights: `F32`, `F16` or `BF16`.
  public var type: SafetensorsType
  /// Bytes of weights that one file holds at most, if no single tensor is larger; more are split into shards with an index.
  public var shardByteLimit: Int

  /// A writer; by default of 32-bit files of at most 10 GB, as diffusers writes.
  public init(type: SafetensorsType = .float32, shardByteLimit: Int = 10_000_000_000) {
    precondition([.float32, .float16, .bfloat16].contains(type), "\(type.rawValue) is not written")
    precondition(shardByteLimit > 0, "a shard holds something")
    self.type = type
    self.shardByteLimit = shardByteLimit
  }

  /// Writes `unet/config.json` and the weights below a directory.
  ///
  /// The parameters are asked for in the network's order, once each, so that a source may be random. All files are
  /// written in a folder beside the target, which is renamed at the end: the model is there whole or not at all.
  ///
  /// - Parameters:
  ///   - configuration: The architecture.
  ///   - parameters: The weights.
  ///   - directory: Made with its parents; it has no `unet` yet.
  /// - Throws: `FileError` if the directory holds a network already or cannot be written.
  public func write(
    _ configuration: UNetConfiguration, parameters: any ParameterSource, to directory: String
  ) throws(FileError) {
    let target = try Self.target(in: directory)
    try OutputFile.prepareFolder(directory)
    try OutputFile.makeFolder(target) { folder throws(FileError) in
      try writeWeights(configuration, parameters, to: folder)
      try OutputFile.write((configuration.json.text + "\n").utf8, to: "\(folder)/config.json")
    }
  }

  /// Finds out before any work is done whether a network can be written to a directory; nothing is left behind.
  ///
  /// - Throws: `FileError` if the directory holds a network already, or cannot be made or written.
  public static func check(_ directory: String) throws(FileError) {
    _ = try target(in: directory)
    try OutputFile.checkFolder(directory)
  }

  /// The network's folder, which is not there yet.
  private static func target(in directory: String) throws(FileError) -> String {
    let target = (directory as NSString).appendingPathComponent("unet")
    guard !FileManager.default.fileExists(atPath: target) else {
      throw FileError(target, "is there already; name a directory without a network")
    }
    return target
  }

  private func writeWeights(
    _ configuration: UNetConfiguration, _ parameters: any ParameterSource, to folder: String
  ) throws(FileError) {
    let network = try FileError.of { () throws(NetworkError) in
      try UNet(configuration, parameters: parameters)
    }
    let shards = shards(of: network.parameters)
    var places: [String: JSONValue] = [:]
    var byteCount = 0
    for (index, shard) in shards.enumerated() {
      let name = Self.fileName(index, of: shards.count)
      var writer = SafetensorsWriter()
      for (name, parameter) in shard {
        writer.add(name, shape: parameter.shape, values: try parameter.values(for: folder), as: type)
      }
      byteCount += writer.dataByteCount
      try OutputFile.write(writer.encoded(), to: "\(folder)/\(name)")
      for (tensor, _) in shard { places[tensor] = .string(name) }
    }
    guard shards.count > 1 else { return }
    let index = JSONValue.object([
      "metadata": .object(["total_size": .number(Double(byteCount))]), "weight_map": .object(places),
    ])
    try OutputFile.write((index.text + "\n").utf8, to: "\(folder)/\(WeightFiles.stem).safetensors.index.json")
  }

  /// Splits the parameters, in order, so that no shard passes the limit unless a single tensor does.
  private func shards(of parameters: [NamedParameter]) -> [[NamedParameter]] {
    var shards: [[NamedParameter]] = [[]]
    var byteCount = 0
    for (name, parameter) in parameters {
      let bytes = parameter.count * type.byteCount
      if byteCount + bytes > shardByteLimit, byteCount > 0 {
        shards.append([])
        byteCount = 0
      }
      shards[shards.count - 1].append((name, parameter))
      byteCount += bytes
    }
    return shards
  }

  private static func fileName(_ index: Int, of count: Int) -> String {
    count == 1
      ? "\(WeightFiles.stem).safetensors"
      : "\(WeightFiles.stem)-\((index + 1).padded(to: 5))-of-\(count.padded(to: 5)).safetensors"
  }
}
