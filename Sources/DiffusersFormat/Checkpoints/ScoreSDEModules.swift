import Files

/// The numbered list of modules that score_sde's networks are, by the tensors that each has, taken in order.
struct ScoreSDEModules {
  /// What a module is.
  enum Kind: String {
    case frequencies = "the frequencies of a Fourier embedding"
    case linear = "a linear layer"
    case convolution = "a convolution"
    case normalization = "a normalisation"
    case block = "a residual block"
    case resizingBlock = "a residual block that changes the size"
    case attention = "an attention"
    case resampling = "a change of size"
    case combination = "a convolution of the image"
    case pyramid = "a convolution of the pyramid"
  }

  var names: TensorNames
  let kinds: [Kind]
  private(set) var next = 0

  init(_ names: TensorNames) throws(FileError) {
    self.names = names
    var modules: [Int: Set<String>] = [:]
    for name in names.file.entries.keys where name.hasPrefix("all_modules.") {
      let parts = name.split(separator: ".", maxSplits: 2).map(String.init)
      guard parts.count == 3, let number = Int(parts[1]), "\(number)" == parts[1] else {
        throw names.fault("tensor '\(name)' is of no module")
      }
      modules[number, default: []].insert(parts[2])
    }
    var kinds: [Kind] = []
    for number in 0..<modules.count {
      guard let module = modules[number] else { throw names.fault("module all_modules.\(number) has no tensors") }
      kinds.append(try Self.kind(number, module, names))
    }
    self.kinds = kinds
  }

  private static func kind(
    _ number: Int, _ tensors: Set<String>, _ names: TensorNames
  ) throws(FileError) -> Kind {
    let module = "all_modules.\(number)", shapes = names.file.entries
    if tensors.contains("W") { return .frequencies }
    if tensors.contains("GroupNorm_1.weight") {
      let filter = shapes["\(module).Conv_0.weight"]?.shape ?? []
      // Channels that agree are projected only where the size changes.
      let resizes = tensors.contains("Conv_2.weight") && filter.count == 4 && filter[0] == filter[1]
      return resizes ? .resizingBlock : .block
    }
    if tensors.contains("NIN_3.W") { return .attention }
    if tensors.contains("Conv2d_0.weight") { return .pyramid }
    if let filter = shapes["\(module).Conv_0.weight"]?.shape { return filter.last == 1 ? .combination : .resampling }
    switch shapes["\(module).weight"]?.shape.count {
    case 1: return .normalization
    case 2: return .linear
    case 4: return .convolution
    default: throw names.fault("\(module) is no module of it")
    }
  }

  /// How many modules are of a kind.
  func count(of kind: Kind) -> Int { kinds.count { $0 == kind } }

  /// Whether the next module is of a kind.
  func isNext(_ kind: Kind) -> Bool { next < kinds.count && kinds[next] == kind }

  /// The next module, which must be of a kind.
  mutating func take(_ kind: Kind) throws(FileError) -> String {
    let module = "all_modules.\(next)"
    guard next < kinds.count else { throw names.fault("\(module) is missing, \(kind.rawValue)") }
    guard kinds[next] == kind else {
      throw names.fault("\(module) is \(kinds[next].rawValue); \(kind.rawValue) stands there")
    }
    next += 1
    return module
  }

  /// Checks that all modules have been taken.
  func checkEnd() throws(FileError) {
    guard next == kinds.count else { throw names.fault("all_modules.\(next) follows its last module") }
  }

  mutating func takeAttention(_ target: String) throws(FileError) {
    let module = try take(.attention)
    try names.move("\(module).GroupNorm_0", to: "\(target).group_norm")
    for (index, name) in ["to_q", "to_k", "to_v", "to_out.0"].enumerated() {
      try names.moveTransposed("\(module).NIN_\(index)", to: "\(target).\(name)")
    }
  }

  /// Takes a residual block; returns its output channels.
  mutating func takeBlock(_ target: String, _ kind: Kind = .block) throws(FileError) -> Int {
    let module = try take(kind)
    let channels = try names.shape("\(module).Conv_0.weight", rank: 4)[0]
    try names.move(
      module, to: target,
      [
        ("GroupNorm_0", "norm1"), ("Conv_0", "conv1"), ("Dense_0", "time_emb_proj"), ("GroupNorm_1", "norm2"),
        ("Conv_1", "conv2"),
      ])
    if names.has("\(module).NIN_0.W") {
      try names.moveTransposed("\(module).NIN_0", to: "\(target).conv_shortcut", asConvolution: true)
    } else if names.has("\(module).Conv_2.weight") {
      try names.move("\(module).Conv_2", to: "\(target).conv_shortcut")
    }
    return channels
  }

  /// Takes a module that is one layer, by the name that it has inside of the module.
  mutating func takeLayer(_ kind: Kind, _ layer: String? = nil, to target: String) throws(FileError) {
    let module = try take(kind)
    try names.move(layer.map { "\(module).\($0)" } ?? module, to: target)
  }
}
