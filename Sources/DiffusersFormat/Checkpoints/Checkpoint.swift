public import CheckpointFormats
public import Files
import Foundation
public import Networks

/// A network in a checkpoint of other code, as diffusers would have it: its architecture, its tensors by diffusers' names, its scheduler.
///
/// The family, the architecture and the scheduler follow from the names and shapes of the tensors. What they do not tell comes from
/// ``CheckpointOptions``, from a file of settings beside the checkpoint, or from a preset that fits; ``assumptions`` says so.
public struct Checkpoint {
  /// The code that a checkpoint comes from.
  public enum Family: Sendable, Hashable, CaseIterable {
    /// The DDPM network of score_sde (Song and others 2021), on which Raya and Ambrogioni (2023) build.
    case scoreSDE
    /// The network of improved-diffusion and guided-diffusion (Nichol and Dhariwal 2021).
    case guidedDiffusion

    /// What messages call it.
    public var name: String {
      switch self {
      case .scoreSDE: "score_sde's DDPM"
      case .guidedDiffusion: "guided-diffusion's U-Net"
      }
    }

    /// The family of tensors of such names, or nil.
    init?(_ file: any TensorFile) {
      if file.entries["input_blocks.0.0.weight"] != nil && file.entries["time_embed.0.weight"] != nil {
        self = .guidedDiffusion
      } else if file.entries.keys.contains(where: { $0.hasPrefix("all_modules.") }) {
        self = .scoreSDE
      } else {
        return nil
      }
    }
  }

  /// The file.
  public let file: MappedFile
  /// The code that it comes from.
  public let family: Family
  /// Which weights were taken, or nil where the file has one kind alone.
  public let weights: WeightChoice?
  /// The architecture.
  public let configuration: UNetConfiguration
  /// The scheduler of the training.
  public let scheduler: SchedulerConfiguration
  /// The tensors by diffusers' names.
  public let tensors: any TensorFile
  /// What the file does not say and was taken for true, one line each.
  public let assumptions: [String]

  /// Reads a checkpoint; weights stay in the file.
  ///
  /// - Throws: `FileError` if it is of no family that is read, damaged, or does not say enough.
  public init(_ path: String, _ options: CheckpointOptions = .init()) throws(FileError) {
    try self.init(MappedFile(path), options)
  }

  /// Reads a checkpoint that is already mapped.
  public init(_ file: MappedFile, _ options: CheckpointOptions = .init()) throws(FileError) {
    let (tensors, weights) = try Self.tensors(of: file, options.weights)
    try self.init(tensors, weights, options)
  }

  /// Reads tensors that have been found.
  package init(
    _ tensors: any TensorFile, _ weights: WeightChoice? = nil, _ options: CheckpointOptions = .init()
  ) throws(FileError) {
    let file = tensors.file
    guard let family = Family(tensors) else { throw Self.unknown(tensors) }
    if let empty = tensors.entries.filter({ $0.value.shape.contains(0) }).keys.min() {
      throw FileError(file.path, "tensor '\(empty)' is empty")
    }
    let settings = try CheckpointSettings(beside: file.path, options.settings)
    let network =
      switch family {
      case .scoreSDE: try ScoreSDENetwork(tensors, settings).result()
      case .guidedDiffusion: try ADMNetwork(tensors).result(settings, preset: options.preset)
      }
    try Self.checkWidths(of: network.configuration, path: file.path)
    try FileError.of { () throws(NetworkError) in try network.configuration.validate(path: file.path) }
    self.file = file
    self.family = family
    self.weights = weights
    configuration = network.configuration
    scheduler = network.scheduler
    self.tensors = network.tensors
    assumptions = network.assumptions
  }

  /// Keeps products of three widths within `Int`, whatever a file's shapes are.
  private static func checkWidths(of network: UNetConfiguration, path: String) throws(FileError) {
    let widths =
      network.blockChannels + [network.inputChannels, network.outputChannels]
      + [network.timeEmbeddingWidth, network.timeProjectionWidth].compactMap(\.self)
    guard let width = widths.first(where: { $0 > ConfigurationFields.largestWidth }) else { return }
    throw FileError(path, "has a layer of \(width) channels; at most \(ConfigurationFields.largestWidth) are read")
  }

  /// The tensors of a network in a file, and which they are where there is a choice.
  private static func tensors(
    of file: MappedFile, _ choice: WeightChoice
  ) throws(FileError) -> (any TensorFile, WeightChoice?) {
    guard TorchFile.Container(file.bytes) != nil else { return (try SafetensorsFile(file), nil) }
    let found = try CheckpointWeights(TorchFile(file), choice)
    if found.family == .edm {
      throw FileError(
        file.path, "holds \(found.className ?? "a network") as an object, as EDM does, whose networks are not read yet")
    }
    return (found.state, found.family == .scoreSDE ? choice : nil)
  }

  private static func unknown(_ file: any TensorFile) -> FileError {
    guard file.entries["conv_in.weight"] == nil else {
      return FileError(file.path, "has the weights of a diffusers network, whose config.json must lie beside it")
    }
    return FileError(
      file.path,
      "has the weights of no network that is read: its tensors are \(file.entries.keys.sorted().prefix(3).joined(separator: ", ")), ...; "
        + "those of diffusers, score_sde's DDPM and guided-diffusion are")
  }

  /// Whether tensors are of a family, so that no configuration is needed beside them.
  static func isRecognised(_ file: any TensorFile) -> Bool { Family(file) != nil }

  /// The weights as parameters.
  public func parameters() throws(FileError) -> ParameterStore {
    try ParameterStore([tensors], path: file.path, configurationPath: file.path)
  }
}

/// What a checkpoint does not say of itself.
public struct CheckpointOptions: Sendable, Hashable {
  /// Which weights are taken of a file that has averages too.
  public var weights = WeightChoice.average
  /// The released network whose head counts and noise schedule count, by the name of its file.
  public var preset: String?
  /// A JSON file of the training's settings, or nil for the one of the checkpoint's name beside it, if there is one.
  public var settings: String?

  /// The averages, and what lies beside the file.
  public init() {}
}

/// What the reader of a family finds out.
struct CheckpointNetwork {
  var configuration: UNetConfiguration
  var scheduler: SchedulerConfiguration
  var tensors: RenamedTensors
  var assumptions: [String]
}
