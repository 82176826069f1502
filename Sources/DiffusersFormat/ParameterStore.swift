public import Compute
public import Files
public import Networks

/// The parameters of a network in files of tensors, read when a device first asks for them.
///
/// Files are mapped, safetensors or PyTorch's, and hold F32, F16, BF16 or F64; names of older releases are understood (`FormerNames`). All values are
/// looked at once for NaN and infinity when a parameter is first asked for, so that a fault shows before any work is done.
public final class ParameterStore: ParameterSource {
  /// A tensor and the file that holds it.
  private struct Place {
    let file: any TensorFile
    let entry: TensorEntry
    /// The name in the file.
    let name: String
  }

  /// What messages call the configuration behind the network.
  public let configurationPath: String
  /// What messages call the weights.
  public let path: String

  /// The files that hold the tensors.
  public let files: [any TensorFile]

  private let places: [String: Place]
  private var unread: Set<String>

  /// The tensors of one file, or of all shards of a model.
  ///
  /// - Parameters:
  ///   - files: The files.
  ///   - path: What messages call them together: the file, or the index.
  ///   - configurationPath: What messages call the configuration.
  /// - Throws: `FileError` if two files hold a tensor of the same name.
  public init(_ files: [any TensorFile], path: String, configurationPath: String) throws(FileError) {
    self.path = path
    self.files = files
    self.configurationPath = configurationPath
    var places: [String: Place] = [:]
    for file in files {
      for (name, entry) in file.entries {
        let place = Place(file: file, entry: entry, name: file.name(of: name))
        if let other = places.updateValue(place, forKey: FormerNames.current(of: name)) {
          let place = "'\(other.name)' in \(other.file.path)"
          throw FileError(file.path, "tensor '\(name)' is there twice, also as \(place)")
        }
      }
    }
    self.places = places
    self.unread = Set(places.keys)
  }

  /// Tensors that no network has read, one line each; diffusers ignores them with a warning too.
  public var warnings: [String] {
    unread.sorted().compactMap { places[$0] }.map {
      "\($0.file.path): tensor '\($0.name)' is not part of the network, ignored"
    }
  }

  /// The parameter of a name, its shape and values checked.
  public func parameter(
    _ name: String, shape: [Int], initially: InitialValues
  ) throws(NetworkError) -> Parameter {
    guard let place = places[name] else { throw NetworkError(path, "tensor '\(name)' is missing") }
    let (file, entry) = (place.file, place.entry)
    guard entry.shape == shape || FormerNames.isLinearAsConvolution(name, entry.shape, of: shape) else {
      throw NetworkError(
        file.path, "tensor '\(place.name)' has shape \(entry.shape); the configuration demands \(shape)")
    }
    guard entry.type.isFloatingPoint else {
      throw NetworkError(
        file.path, "tensor '\(place.name)' has dtype \(entry.type.rawValue); F32, F16 and BF16 are read")
    }
    let parameter = Parameter(shape: shape) { file.readFloats(entry, into: $0) }
    if let value = file.floats(entry).first(where: { !$0.isFinite }) {
      throw NetworkError(file.path, "tensor '\(place.name)' holds \(value)")
    }
    unread.remove(name)
    return parameter
  }
}
