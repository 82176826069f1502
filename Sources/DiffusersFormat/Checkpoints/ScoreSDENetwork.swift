import Diffusion
import Files
import Networks
import Tensors

/// The DDPM network of score_sde, whose modules are a numbered list.
///
/// ```
/// linear linear convolution { (block attention?)* resampling? }* block attention block { block* attention? resampling? }* norm convolution
/// ```
///
/// It is the network of Ho, Jain and Abbeel (2020) but for the way up, where a level attends once, after its last block.
struct ScoreSDENetwork {
  /// What a module is, by its tensors.
  private enum Kind: String {
    case linear = "a linear layer"
    case convolution = "a convolution"
    case normalization = "a normalisation"
    case block = "a residual block"
    case attention = "an attention"
    case resampling = "a change of size"
  }

  private var names: TensorNames
  private let settings: CheckpointSettings
  private let kinds: [Kind]
  private var next = 0

  init(_ file: any TensorFile, _ settings: CheckpointSettings) throws(FileError) {
    names = TensorNames(file, .scoreSDE)
    self.settings = settings
    var modules: [Int: Set<String>] = [:]
    for name in file.entries.keys where name.hasPrefix("all_modules.") {
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
    let module = "all_modules.\(number)"
    if tensors.contains("W") || tensors.contains("Conv_2.weight") || tensors.contains("Conv2d_0.weight") {
      throw names.fault("\(module) is one of NCSN++, which is not read yet")
    }
    if tensors.contains("GroupNorm_1.weight") { return .block }
    if tensors.contains("NIN_3.W") { return .attention }
    if tensors.contains("Conv_0.weight") { return .resampling }
    switch names.file.entries["\(module).weight"]?.shape.count {
    case 1: return .normalization
    case 2: return .linear
    case 4: return .convolution
    default: throw names.fault("\(module) is no module of it")
    }
  }

  /// The next module, which must be of a kind.
  private mutating func take(_ kind: Kind) throws(FileError) -> String {
    let module = "all_modules.\(next)"
    guard next < kinds.count else { throw names.fault("\(module) is missing, \(kind.rawValue)") }
    guard kinds[next] == kind else {
      throw names.fault("\(module) is \(kinds[next].rawValue); \(kind.rawValue) stands there")
    }
    next += 1
    return module
  }

  private mutating func takeAttention(_ target: String) throws(FileError) {
    let module = try take(.attention)
    try names.move("\(module).GroupNorm_0", to: "\(target).group_norm")
    for (index, name) in ["to_q", "to_k", "to_v", "to_out.0"].enumerated() {
      try names.moveTransposed("\(module).NIN_\(index)", to: "\(target).\(name)")
    }
  }

  /// Takes a residual block; returns its output channels.
  private mutating func takeBlock(_ target: String) throws(FileError) -> Int {
    let module = try take(.block)
    let channels = try names.shape("\(module).Conv_0.weight", rank: 4)[0]
    try names.move(
      module, to: target,
      [
        ("GroupNorm_0", "norm1"), ("Conv_0", "conv1"), ("Dense_0", "time_emb_proj"), ("GroupNorm_1", "norm2"),
        ("Conv_1", "conv2"),
      ])
    if names.has("\(module).NIN_0.W") {
      try names.moveTransposed("\(module).NIN_0", to: "\(target).conv_shortcut", asConvolution: true)
    }
    return channels
  }

  /// Levels and residual blocks of a level, from how many modules there are of which kind.
  private func counts() throws(FileError) -> (levels: Int, layers: Int) {
    let changes = kinds.count { $0 == .resampling }, levels = changes / 2 + 1
    // Each level has as many blocks down as up but for one; two are in the middle.
    let blocks = kinds.count { $0 == .block } - 2 - levels
    guard changes % 2 == 0, levels <= 16, blocks > 0, blocks % (2 * levels) == 0, blocks / (2 * levels) <= 64 else {
      throw names.fault("it has \(blocks + 2 + levels) residual blocks and \(changes) changes of size")
    }
    return (levels, blocks / (2 * levels))
  }

  /// The network.
  func result() throws(FileError) -> CheckpointNetwork {
    var reader = self
    return try reader.read()
  }

  private mutating func read() throws(FileError) -> CheckpointNetwork {
    names.drop("sigmas")
    var result = UNetConfiguration()
    let (levels, layers) = try counts()
    result.layersPerBlock = layers
    let width = try names.shape("\(take(.linear)).weight", rank: 2)
    try names.move("all_modules.0", to: "time_embedding.linear_1")
    try names.move(take(.linear), to: "time_embedding.linear_2")
    let input = try take(.convolution), shape = try names.shape("\(input).weight", rank: 4)
    try names.move(input, to: "conv_in")
    result.inputChannels = shape[1]
    result.timeEmbeddingWidth = width[0] == 4 * width[1] ? nil : width[0]
    try readLevels(levels, &result)
    guard result.blockChannels[0] == shape[0], width[1] == shape[0] else {
      throw names.fault(
        "its first convolution makes \(shape[0]) channels, its first level \(result.blockChannels[0]), and its times are \(width[1]) wide; they must agree"
      )
    }
    try names.move(take(.normalization), to: "conv_norm_out")
    let output = try take(.convolution)
    result.outputChannels = try names.shape("\(output).weight", rank: 4)[0]
    try names.move(output, to: "conv_out")
    guard next == kinds.count else { throw names.fault("all_modules.\(next) follows its last module") }
    return try finish(result)
  }

  private mutating func readLevels(_ levels: Int, _ result: inout UNetConfiguration) throws(FileError) {
    var attends: [Bool] = []
    result.blockChannels = []
    for level in 0..<levels {
      for layer in 0..<result.layersPerBlock {
        let channels = try takeBlock("down_blocks.\(level).resnets.\(layer)")
        if layer == 0 {
          result.blockChannels.append(channels)
          attends.append(next < kinds.count && kinds[next] == .attention)
        }
        if attends[level] { try takeAttention("down_blocks.\(level).attentions.\(layer)") }
      }
      if level < levels - 1 { try takeResampling("down_blocks.\(level).downsamplers.0") }
    }
    _ = try takeBlock("mid_block.resnets.0")
    try takeAttention("mid_block.attentions.0")
    _ = try takeBlock("mid_block.resnets.1")
    for (place, level) in (0..<levels).reversed().enumerated() {
      let target = "up_blocks.\(place)"
      for layer in 0...result.layersPerBlock { _ = try takeBlock("\(target).resnets.\(layer)") }
      if attends[level] { try takeAttention("\(target).attentions.0") }
      if level > 0 { try takeResampling("\(target).upsamplers.0") }
    }
    result.downBlocks = attends.map { $0 ? .attention : .plain }
    result.upBlocks = attends.reversed().map { $0 ? .lastAttention : .plain }
  }

  private mutating func takeResampling(_ target: String) throws(FileError) {
    try names.move("\(take(.resampling)).Conv_0", to: "\(target).conv")
  }

  /// What is the same for all such networks, and what the settings say.
  private func finish(_ network: UNetConfiguration) throws(FileError) -> CheckpointNetwork {
    var result = network
    (result.frequencyShift, result.putsCosinesFirst) = (1, false)
    (result.headWidth, result.downsamplePadding, result.epsilon) = (nil, 0, 1e-6)
    result.dropout = try settings.number("dropout", in: 0...1) ?? 0
    var assumptions: [String] = []
    if try settings.flag("centered") == false {
      throw settings.fault("centered", "false is not supported: images of the network must be in -1...1")
    }
    if try settings.flag("scale_by_sigma") == true || settings["sde"]?.string == "vesde" {
      throw settings.fault("sde", "a variance-exploding network is not supported; vpsde is")
    }
    if settings["centered"] == nil { assumptions.append("images of -1...1 and a variance-preserving process") }
    if let size = try settings.count("image_size", in: 1...ConfigurationFields.largestExtent) {
      result.sampleSize = .init(height: size, width: size)
    } else if let level = result.downBlocks.firstIndex(of: .attention), level <= 8 {
      // Where such networks attend, as all published ones do.
      let size = 16 << level
      result.sampleSize = .init(height: size, width: size)
      assumptions.append("images of \(size)x\(size), with attention at 16x16")
    }
    let (betas, steps) = try betas(&assumptions)
    let scheduler = SchedulerConfiguration(
      SchedulerConfiguration.training.values.merging([
        "num_train_timesteps": .number(Double(steps)), "beta_start": .number(betas.lowerBound),
        "beta_end": .number(betas.upperBound),
      ]) { $1 })
    return .init(
      configuration: result, scheduler: scheduler, tensors: try names.result(), assumptions: assumptions)
  }

  /// The noise of the first and last training step; score_sde names it for the whole of unit time.
  private func betas(_ assumptions: inout [String]) throws(FileError) -> (ClosedRange<Double>, Int) {
    let steps = try settings.count("num_scales", in: 2...NoiseSchedule.largestCount) ?? 1000
    let smallest = try settings.number("beta_min", in: 1e-9...1e3)
    let largest = try settings.number("beta_max", in: 1e-9...1e3)
    guard let smallest, let largest else {
      assumptions.append("betas of 0.0001 to 0.02 in \(steps) steps")
      return (0.0001...0.02, steps)
    }
    let divisor = largest > 1 ? Double(steps) : 1
    guard smallest <= largest, largest / divisor < 1 else {
      throw settings.fault("beta_max", "\(largest) is no largest beta beside beta_min \(smallest)")
    }
    return (smallest / divisor...largest / divisor, steps)
  }
}
