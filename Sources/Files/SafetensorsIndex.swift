/// Which shard of a model holds which tensor: a `*.safetensors.index.json`.
public struct SafetensorsIndex: Sendable {
  /// The shard's file name for each tensor.
  public let shards: [String: String]

  /// Reads an index; shards are plain file names beside it.
  public init(parsing bytes: UnsafeRawBufferPointer, path: String) throws(FileError) {
    let document = try JSONValue(parsing: bytes, path: path)
    guard let map = document["weight_map"]?.object, !map.isEmpty else {
      throw FileError(path, "is no index of shards: it has no weight_map")
    }
    var shards: [String: String] = [:]
    for (tensor, value) in map {
      guard let name = value.string, !name.isEmpty, name.isPlainFileName else {
        throw FileError(path, "tensor '\(tensor)' lies in no file beside the index")
      }
      shards[tensor] = name
    }
    self.shards = shards
  }
}
