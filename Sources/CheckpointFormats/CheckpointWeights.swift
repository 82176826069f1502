public import Files

/// The weights of a network in a checkpoint of other code, by the names that the tensors have there.
///
/// Nothing is computed: the tensors stay in the file. ``family`` says how they were found.
public struct CheckpointWeights {
  /// A way to keep weights.
  public enum Family: String, Sendable, CaseIterable {
    /// A dictionary of tensors alone: guided-diffusion, improved-diffusion, consistency models, and diffusers' `.bin`.
    case state
    /// `{optimizer, model, ema, step}` with the averages as a list: score_sde and what comes from it.
    case scoreSDE = "score_sde"
    /// `{ema, ...}` with the network as an object: EDM and EDM2.
    case edm
  }

  /// How they were found.
  public let family: Family
  /// The tensors by name, in the order of the network's making.
  public let state: StateDictionary
  /// The network's class, where the file has an object of it.
  public let className: String?
  /// What the class was made with, where the file says so.
  public let arguments: JSONValue?

  /// Finds the weights of a network.
  ///
  /// - Parameters:
  ///   - file: The checkpoint.
  ///   - choice: Which weights are taken of a file that has averages too; others have one kind alone.
  /// - Throws: `FileError` if they are kept in no known way, or if the file calls a function that is not understood.
  public init(_ file: TorchFile, _ choice: WeightChoice = .average) throws(FileError) {
    let root = file.root
    try file.checkInert()
    if let network = Self.network(in: root, choice) {
      self.init(
        family: .edm, state: try file.tensors(ModuleTree.tensors(of: network, path: file.file.path)),
        className: network.className, arguments: try ModuleTree.arguments(of: network, path: file.file.path))
    } else if let model = root["model"], model.members != nil, let averages = root["ema"]?["shadow_params"] {
      self.init(
        family: .scoreSDE, state: try Self.scoreSDE(file, model, averages, choice), className: nil, arguments: nil)
    } else if let members = root.members, members.contains(where: { $0.value.tensor != nil }) {
      self.init(family: .state, state: try file.state(root, name: "the file"), className: nil, arguments: nil)
    } else {
      throw Self.unknown(file)
    }
  }

  private init(family: Family, state: StateDictionary, className: String?, arguments: JSONValue?) {
    self.family = family
    self.state = state
    self.className = className
    self.arguments = arguments
  }

  /// EDM's network: of a snapshot `ema`, of a training's state `net`, or the file itself.
  private static func network(in root: PickleValue, _ choice: WeightChoice) -> PickleValue? {
    let names = choice == .average ? ["ema", "net"] : ["net", "ema"]
    let candidates = names.compactMap { root[$0] } + [root]
    return candidates.first { $0.attributes?["_modules"] != nil }
  }

  private static func unknown(_ file: TorchFile) -> FileError {
    let root = file.root, path = file.file.path
    guard let members = root.members else { return FileError(path, "is \(root.kind), not a checkpoint of a network") }
    let names = members.map(\.name)
    if names.contains("param_groups") { return FileError(path, "is the state of an optimizer, not of a network") }
    let shown = names.prefix(8).joined(separator: ", ") + (names.count > 8 ? ", ..." : "")
    return FileError(
      path,
      "keeps its weights in no known way: it is a dictionary of \(shown.isEmpty ? "nothing" : shown), "
        + "not of tensors, of model and ema, or of an object ema")
  }
}

// score_sde.
extension CheckpointWeights {
  /// Tensors of the model that have no average: a buffer, and the frequencies of the Fourier embedding, which are not trained.
  private static let fixed: Set = ["sigmas", "all_modules.0.W"]

  /// The model's tensors, with the averages in the places of those that are trained.
  ///
  /// The averages are a list in the order of the parameters, which is the order of the model's tensors.
  private static func scoreSDE(
    _ file: TorchFile, _ model: PickleValue, _ averages: PickleValue, _ choice: WeightChoice
  ) throws(FileError) -> StateDictionary {
    let raw = try file.state(model, name: "model"), path = file.file.path
    // What DataParallel puts before every name.
    let prefix = raw.names.allSatisfy { $0.hasPrefix("module.") } ? "module." : ""
    var tensors = (model.members ?? []).filter { $0.value.tensor != nil }
      .map { (name: String($0.name.dropFirst(prefix.count)), value: $0.value) }
    guard choice == .average else { return try file.tensors(tensors) }
    guard let list = averages.elements else {
      throw FileError(path, "ema.shadow_params is \(averages.kind), not a list")
    }
    let trained = tensors.indices.filter { !fixed.contains(tensors[$0].name) }
    guard trained.count == list.count else {
      throw FileError(
        path, "ema.shadow_params has \(list.count) tensors, model \(trained.count) that are trained; they must agree")
    }
    for (place, value) in zip(trained, list) {
      let name = tensors[place].name
      guard let own = tensors[place].value.tensor, let average = value.tensor, own.shape == average.shape else {
        throw FileError(
          path,
          "ema.shadow_params has \(value.tensor.map { "a tensor of \($0.shape)" } ?? value.kind) in the place of '\(name)'"
        )
      }
      tensors[place].value = value
    }
    return try file.tensors(tensors)
  }
}
