public import Files
import Foundation
public import Networks

/// A diffusers model directory in any of the forms that people have, and what is found in it.
///
/// Nested (`model_index.json`, `unet/`, `scheduler/`), flat (all files side by side), a `unet/` alone, the `unet` folder
/// itself, or the component called `model`; a single `.safetensors` file with `config.json` beside it; or files that
/// the program carries. Or a single checkpoint of other code, which needs no configuration beside it.
public struct ModelDirectory {
  /// What messages call the model: its path, or the name of embedded files.
  public let path: String
  /// The files.
  public let files: ModelFiles
  /// The folder of the network inside ``files``; empty if it is the model's own.
  public let networkFolder: String
  /// The scheduler's configuration inside ``files``, if there is one.
  public let schedulerFile: String?
  /// The statistics of the training data inside ``files``, if there are any.
  public let statisticsFile: String?

  /// The checkpoint of other code that the model is, if it is one.
  public let checkpoint: Checkpoint?

  private let variant: String?
  /// The one weight file that was named.
  private let weightFile: String?

  /// Where statistics lie inside a model directory, so that they are found.
  public static let statisticsName = "statistics.safetensors"
  /// Where the fit of the late start lies inside a model directory, so that it is found.
  public static let lateStartName = "late_start.json"
  /// Where what is known of the phase transition lies inside a model directory, so that it is found.
  public static let phaseName = "phase.json"

  /// Finds out what a model directory holds; weights are opened by ``parameters()``.
  ///
  /// - Parameters:
  ///   - path: A folder, or a file of weights.
  ///   - variant: The variant of the weights, such as `fp16`, or nil for full precision if there is any.
  ///   - options: What a checkpoint of other code does not say of itself; a model directory says all.
  /// - Throws: `FileError` if there is no such folder or no network in it.
  public init(
    _ path: String, variant: String? = nil, checkpoint options: CheckpointOptions = .init()
  ) throws(FileError) {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
      throw FileError(path, "there is no such model directory")
    }
    if !isFolder.boolValue {
      let parent = parentFolder(of: path), folder = ModelFiles.folder(parent.isEmpty ? "." : parent)
      try self.init(
        folder, path: path, variant: nil, weightFile: (path as NSString).lastPathComponent,
        checkpoint: Self.checkpoint(path, hasConfiguration: folder.has("config.json"), options))
    } else {
      try self.init(.folder(path), path: path, variant: variant, weightFile: nil)
    }
    try Self.check(options, for: path, isCheckpoint: checkpoint != nil)
  }

  /// Checks that nothing is chosen of a model that leaves no choice.
  ///
  /// - Throws: `FileError` naming the model.
  public static func check(
    _ options: CheckpointOptions, for path: String, isCheckpoint: Bool = false
  ) throws(FileError) {
    guard isCheckpoint || options == .init() else {
      throw FileError(path, "is no checkpoint of other code; only of these are weights, a preset or settings chosen")
    }
  }

  /// The checkpoint of other code that a file is; nil for weights by diffusers' names, whose configuration lies beside them.
  private static func checkpoint(
    _ path: String, hasConfiguration: Bool, _ options: CheckpointOptions
  ) throws(FileError) -> Checkpoint? {
    let isSafetensors = path.hasSuffix(".safetensors")
    let file: MappedFile
    do {
      file = try MappedFile(path)
    } catch {
      // What is wrong with weights shows when they are opened.
      guard isSafetensors else { throw error }
      return nil
    }
    defer { withExtendedLifetime(file) {} }
    let isTorch = TorchFile.Container(file.bytes) != nil && FileKind(file.bytes) != .npz
    guard isSafetensors || isTorch else {
      throw FileError(path, "is neither a model directory nor a file of weights, of safetensors or PyTorch")
    }
    if isTorch, !hasConfiguration { return try Checkpoint(file, options) }
    let tensors = try? openTensors(file)
    if let tensors, Checkpoint.isRecognised(tensors) { return try Checkpoint(file, options) }
    return isTorch && tensors?.entries["conv_in.weight"] == nil ? try Checkpoint(file, options) : nil
  }

  /// A model whose files are bundled with the program.
  ///
  /// - Parameters:
  ///   - name: What messages call the model.
  ///   - embedded: The files by their path inside the model, such as `config.json`.
  public init(name: String, embedded: [String: MappedFile]) throws(FileError) {
    try self.init(.embedded(name: name, files: embedded), path: name, variant: nil, weightFile: nil)
  }

  private init(
    _ files: ModelFiles, path: String, variant: String?, weightFile: String?, checkpoint: Checkpoint? = nil
  ) throws(FileError) {
    self.checkpoint = checkpoint
    self.files = files
    self.path = path
    self.variant = variant
    self.weightFile = weightFile
    networkFolder = weightFile == nil ? try Self.networkFolder(in: files) : ""
    schedulerFile = ["scheduler/scheduler_config.json", "scheduler_config.json"].first(where: files.has)
    statisticsFile = files.has(Self.statisticsName) ? Self.statisticsName : nil
  }

  private static func networkFolder(in files: ModelFiles) throws(FileError) -> String {
    var folders = ["unet", "model"]
    if files.has("model_index.json") {
      // A component is [library, class]; the network may have any name.
      let index = try files.json("model_index.json")
      let networks = (index.object ?? [:]).filter { $0.value.array?.last?.string?.hasPrefix("UNet") == true }
      if let folder = networks.keys.sorted().first(where: { !$0.isPlainFileName }) {
        throw FileError(
          files.path("model_index.json"), "component '\(folder)' is no folder beside it; a plain name is needed")
      }
      folders = networks.keys.sorted() + folders
    }
    if let folder = folders.first(where: { files.has("\($0)/config.json") }) { return folder }
    guard files.has("config.json") else {
      throw FileError(
        files.path(""), "holds no network: neither unet/config.json nor config.json is there")
    }
    return ""
  }

  /// The path of the network's configuration, as messages have it.
  public var configurationPath: String {
    checkpoint?.file.path ?? files.path(ModelFiles.join(networkFolder, "config.json"))
  }

  /// Reads the network's configuration; see `UNetConfiguration.read` for what is ignored.
  public func configuration() throws(FileError) -> UNetConfiguration { try readConfiguration().configuration }

  private func readConfiguration() throws(FileError) -> (configuration: UNetConfiguration, warnings: [String]) {
    if let checkpoint {
      return (checkpoint.configuration, checkpoint.assumptions.map { "\(path): taken for true: \($0)" })
    }
    return try UNetConfiguration.read(
      files.json(ModelFiles.join(networkFolder, "config.json")), path: configurationPath)
  }

  /// Opens the weights.
  public func parameters() throws(FileError) -> ParameterStore {
    if let checkpoint { return try checkpoint.parameters() }
    if let weightFile {
      let file = try openTensors(files.open(weightFile))
      return try ParameterStore([file], path: path, configurationPath: configurationPath)
    }
    let weights = try WeightFiles(files, in: networkFolder).open(variant: variant)
    return try ParameterStore(weights.files, path: weights.path, configurationPath: configurationPath)
  }

  /// Reads the scheduler's configuration, if there is one.
  ///
  /// - Throws: `FileError` or ``SchedulerConfigurationError``.
  public func scheduler() throws -> SchedulerConfiguration? {
    if let checkpoint { return checkpoint.scheduler }
    guard let schedulerFile else { return nil }
    return try SchedulerConfiguration(files.json(schedulerFile), path: files.path(schedulerFile))
  }

  /// Opens the statistics of the training data, if there are any.
  public func statistics() throws(FileError) -> MappedFile? {
    guard let statisticsFile else { return nil }
    return try files.open(statisticsFile)
  }

  /// Opens the fit of the late start, if there is one.
  public func lateStart() throws(FileError) -> MappedFile? {
    files.has(Self.lateStartName) ? try files.open(Self.lateStartName) : nil
  }

  /// Reads what is known of the phase transition, if there is such a file.
  public func phase() throws(FileError) -> JSONValue? {
    files.has(Self.phaseName) ? try files.json(Self.phaseName) : nil
  }

  /// A network that was read from files.
  public struct LoadedNetwork {
    /// The network.
    public let network: UNet
    /// One line for each key and tensor that was ignored on the way.
    public let warnings: [String]
    /// The files of weights.
    public let weights: [MappedFile]
  }

  /// Builds the network.
  public func unet() throws(FileError) -> LoadedNetwork {
    let parameters = try parameters()
    let (configuration, warnings) = try readConfiguration()
    let network = try FileError.of { () throws(NetworkError) in
      try UNet(configuration, parameters: parameters)
    }
    return LoadedNetwork(
      network: network, warnings: warnings + parameters.warnings, weights: parameters.files.map(\.file))
  }
}
