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
    /// The networks of score_sde (Song and others 2021): DDPM, on which Raya and Ambrogioni (2023) build, DDPM++ and NCSN++.
    case scoreSDE
    /// The network of improved-diffusion and guided-diffusion (Nichol and Dhariwal 2021).
    case guidedDiffusion
    /// The same network as consistency models and their teachers have it (Song and others 2023).
    case consistency
    /// The networks of EDM (Karras and others 2022).
    case edm

    /// What messages call it.
    public var name: String {
      switch self {
      case .scoreSDE: "score_sde"
      case .guidedDiffusion: "guided-diffusion's U-Net"
      case .consistency: "consistency models' U-Net"
      case .edm: "EDM"
      }
    }

    /// The family of tensors of such names, or nil.
    init?(_ file: any TensorFile) {
      if file.entries["input_blocks.0.0.weight"] != nil && file.entries["time_embed.0.weight"] != nil {
        // Their projections are convolutions of images, the others' of rows of pixels.
        let isConsistency = file.entries.contains { $0.key.hasSuffix(".qkv.weight") && $0.value.shape.count == 4 }
        self = isConsistency ? .consistency : .guidedDiffusion
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
    let (tensors, weights, wrapper) = try Self.tensors(of: file, options.weights)
    try self.init(tensors, weights, options, wrapper)
  }

  /// Reads tensors that have been found.
  package init(
    _ tensors: any TensorFile, _ weights: WeightChoice? = nil, _ options: CheckpointOptions = .init()
  ) throws(FileError) {
    try self.init(tensors, weights, options, nil)
  }

  private init(
    _ tensors: any TensorFile, _ weights: WeightChoice?, _ options: CheckpointOptions, _ wrapper: EDMWrapper?
  ) throws(FileError) {
    let file = tensors.file
    guard let family = wrapper == nil ? Family(tensors) : .edm else { throw Self.unknown(tensors) }
    if let empty = tensors.entries.filter({ $0.value.shape.contains(0) }).keys.min() {
      throw FileError(file.path, "tensor '\(empty)' is empty")
    }
    if let preset = options.preset, family == .scoreSDE || family == .edm {
      throw FileError(
        file.path, "is no network of preset '\(preset)': those are of guided-diffusion, this one of \(family.name)")
    }
    let settings = try CheckpointSettings(beside: file.path, options.settings)
    let network: CheckpointNetwork
    if let wrapper {
      network = try EDMNetwork(tensors, wrapper).result()
    } else if family == .scoreSDE {
      network = try ScoreSDENetwork(tensors, settings).result()
    } else {
      network = try ADMNetwork(tensors, family).result(settings, preset: options.preset)
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
  ) throws(FileError) -> (any TensorFile, WeightChoice?, EDMWrapper?) {
    guard TorchFile.Container(file.bytes) != nil else { return (try SafetensorsFile(file), nil, nil) }
    let found = try CheckpointWeights(TorchFile(file), choice)
    let wrapper =
      found.family == .edm
      ? try EDMWrapper(className: found.className, arguments: found.arguments, path: file.path) : nil
    return (found.state, found.family == .scoreSDE ? choice : nil, wrapper)
  }

  private static func unknown(_ file: any TensorFile) -> FileError {
    guard file.entries["conv_in.weight"] == nil else {
      return FileError(file.path, "has the weights of a diffusers network, whose config.json must lie beside it")
    }
    return FileError(
      file.path,
      "has the weights of no network that is read: its tensors are \(file.entries.keys.sorted().prefix(3).joined(separator: ", ")), ...; "
        + "those of diffusers, score_sde, guided-diffusion, consistency models and EDM are")
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
