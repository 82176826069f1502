import Files
import Networks

/// The networks of score_sde, whose modules are a numbered list: DDPM, DDPM++ and NCSN++.
///
/// ```
/// frequencies? linear linear convolution { (block attention?)* (resize pyramid?)? }* block attention block
///   { block* attention? (norm convolution)? resize? }* norm convolution
/// ```
///
/// DDPM is the network of Ho, Jain and Abbeel (2020) but for the way up, where a level attends once, after its last block. The others (Song and
/// others 2021, appendix H) resize in residual blocks, with a filter or without, divide sums by the root of two, and read and write pyramids.
struct ScoreSDENetwork {
  private var modules: ScoreSDEModules
  private let settings: ScoreSDESettings
  /// Whether residual blocks change the size, as in DDPM++ and NCSN++.
  private let resizesInBlocks: Bool

  init(_ file: any TensorFile, _ settings: CheckpointSettings) throws(FileError) {
    modules = try ScoreSDEModules(TensorNames(file, .scoreSDE))
    self.settings = .init(settings)
    resizesInBlocks = modules.count(of: .resizingBlock) > 0
  }

  /// Levels and residual blocks of a level, from how many modules there are of which kind.
  private func counts() throws(FileError) -> (levels: Int, layers: Int) {
    let changes = modules.count(of: resizesInBlocks ? .resizingBlock : .resampling), levels = changes / 2 + 1
    // Each level has as many blocks down as up but for one; two are in the middle.
    let blocks = modules.count(of: .block) - 2 - levels
    guard changes % 2 == 0, levels <= 16, blocks > 0, blocks % (2 * levels) == 0, blocks / (2 * levels) <= 64 else {
      throw modules.names.fault("it has \(blocks + 2 + levels) residual blocks and \(changes) changes of size")
    }
    return (levels, blocks / (2 * levels))
  }

  /// The network.
  func result() throws(FileError) -> CheckpointNetwork {
    var reader = self
    return try reader.read()
  }

  private mutating func read() throws(FileError) -> CheckpointNetwork {
    let largestScale = try settings.largestScale(in: modules.names)
    modules.names.drop("sigmas")
    var result = UNetConfiguration()
    let (levels, layers) = try counts()
    result.layersPerBlock = layers
    if modules.isNext(.frequencies) {
      result.timeEmbedding = .fourier
      try modules.names.move(tensor: "\(modules.take(.frequencies)).W", to: "time_proj.weight")
    }
    let first = try modules.take(.linear), width = try modules.names.shape("\(first).weight", rank: 2)
    try modules.names.move(first, to: "time_embedding.linear_1")
    try modules.takeLayer(.linear, to: "time_embedding.linear_2")
    let input = try modules.take(.convolution), shape = try modules.names.shape("\(input).weight", rank: 4)
    try modules.names.move(input, to: "conv_in")
    result.inputChannels = shape[1]
    let times = result.timeEmbedding == .fourier ? width[1] / 2 : width[1]
    result.timeEmbeddingWidth = width[0] == 4 * shape[0] ? nil : width[0]
    setPyramids(&result)
    try readLevels(levels, &result)
    guard result.blockChannels[0] == shape[0], times == shape[0] else {
      throw modules.names.fault(
        "its first convolution makes \(shape[0]) channels, its first level \(result.blockChannels[0]), and its times are \(times) wide; they must agree"
      )
    }
    try modules.takeLayer(.normalization, to: "conv_norm_out")
    let output = try modules.take(.convolution)
    result.outputChannels = try modules.names.shape("\(output).weight", rank: 4)[0]
    try modules.names.move(output, to: "conv_out")
    try modules.checkEnd()
    return try settings.network(
      result, tensors: modules.names.result(), resizesInBlocks: resizesInBlocks, largestScale: largestScale)
  }

  private func setPyramids(_ result: inout UNetConfiguration) {
    if modules.count(of: .combination) > 0 { result.encoder = .skip }
    if modules.count(of: .pyramid) > 0 { result.encoder = .residual }
    if modules.count(of: .normalization) > 1 { result.decoder = .skip }
  }

  private mutating func readLevels(_ levels: Int, _ result: inout UNetConfiguration) throws(FileError) {
    var attends: [Bool] = []
    result.blockChannels = []
    for level in 0..<levels {
      let target = "down_blocks.\(level)"
      for layer in 0..<result.layersPerBlock {
        let channels = try modules.takeBlock("\(target).resnets.\(layer)")
        if layer == 0 {
          result.blockChannels.append(channels)
          attends.append(modules.isNext(.attention))
        }
        if attends[level] { try modules.takeAttention("\(target).attentions.\(layer)") }
      }
      guard level < levels - 1 else { continue }
      try takeResizing(result.encoder == .standard ? "\(target).downsamplers.0" : "\(target).resnet_down")
      switch result.encoder {
      case .standard: break
      case .skip: try modules.takeLayer(.combination, "Conv_0", to: "\(target).skip_conv")
      case .residual: try modules.takeLayer(.pyramid, "Conv2d_0", to: "\(target).residual_conv")
      }
    }
    _ = try modules.takeBlock("mid_block.resnets.0")
    try modules.takeAttention("mid_block.attentions.0")
    _ = try modules.takeBlock("mid_block.resnets.1")
    for (place, level) in (0..<levels).reversed().enumerated() {
      let target = "up_blocks.\(place)"
      for layer in 0...result.layersPerBlock { _ = try modules.takeBlock("\(target).resnets.\(layer)") }
      if attends[level] { try modules.takeAttention("\(target).attentions.0") }
      guard level > 0 else { continue }
      if result.decoder == .skip {
        try modules.takeLayer(.normalization, to: "\(target).skip_norm")
        try modules.takeLayer(.convolution, to: "\(target).skip_conv")
      }
      try takeResizing(result.decoder == .standard ? "\(target).upsamplers.0" : "\(target).resnet_up")
    }
    result.downBlocks = attends.map { $0 ? .attention : resizesInBlocks ? .resnet : .plain }
    result.upBlocks = attends.reversed().map { $0 ? .lastAttention : resizesInBlocks ? .resnet : .plain }
  }

  private mutating func takeResizing(_ target: String) throws(FileError) {
    if resizesInBlocks {
      _ = try modules.takeBlock(target, .resizingBlock)
    } else {
      try modules.takeLayer(.resampling, "Conv_0", to: "\(target).conv")
    }
  }
}
