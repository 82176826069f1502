import Files
import Networks
import Tensors

/// The U-Net of improved-diffusion, guided-diffusion and consistency models.
///
/// It is that of diffusers, whose attention has three projections where this one has a joint one, and has a few options more: a fixed
/// count of heads, times that are scaled, and a first width that differs from that of the times.
struct ADMNetwork {
  /// What the tensors say of the network.
  struct Structure: Sendable, Hashable {
    /// Values of the sinusoid of a time, of which the widths are multiples.
    var baseWidth: Int
    /// Channels of each level, the finest first.
    var channels: [Int]
    /// Residual blocks of a level on the way down.
    var layers: Int
    /// Whether a level attends.
    var attends: [Bool]
    /// Whether residual blocks change the size, not convolutions.
    var resamplesInBlocks: Bool
    /// Whether times scale and shift, not only shift.
    var scalesAndShifts: Bool
    /// Whether there is a table of classes.
    var hasClasses: Bool
    /// Whether the variance is predicted as well.
    var learnsVariance: Bool
    /// Whether the network is a consistency model's or that of its teacher.
    var isConsistency: Bool
  }

  private var names: TensorNames
  let structure: Structure
  private var network = UNetConfiguration()
  /// Extents of the joint projections, which are convolutions.
  private let qkvRank: Int

  private static let block = [
    ("in_layers.0", "norm1"), ("in_layers.2", "conv1"), ("emb_layers.1", "time_emb_proj"), ("out_layers.0", "norm2"),
    ("out_layers.3", "conv2"),
  ]

  init(_ file: any TensorFile, _ family: Checkpoint.Family) throws(FileError) {
    names = TensorNames(file, family)
    qkvRank = family == .consistency ? 4 : 3
    let input = try names.shape("input_blocks.0.0.weight", rank: 4)
    let output = try names.shape("out.2.weight", rank: 4)
    let times = try names.shape("time_embed.0.weight", rank: 2)
    let (levels, layers) = try Self.counts(names)
    var channels: [Int] = [], attends: [Bool] = []
    for level in 0..<levels {
      let block = "input_blocks.\(1 + level * (layers + 1))"
      channels.append(try names.shape("\(block).0.in_layers.2.weight", rank: 4)[0])
      attends.append(names.has("\(block).1.qkv.weight"))
    }
    guard input[0] == channels[0] else {
      throw names.fault(
        "its first convolution makes \(input[0]) channels, its first level \(channels[0]); they must agree")
    }
    guard output[0] == input[1] || output[0] == 2 * input[1] else {
      throw names.fault(
        "it makes \(output[0]) channels of \(input[1]), as networks that enlarge images do; those are not read")
    }
    let embedding = try names.shape("input_blocks.1.0.emb_layers.1.weight", rank: 2)[0]
    structure = Structure(
      baseWidth: times[1], channels: channels, layers: layers, attends: attends,
      resamplesInBlocks: Self.changesSizeInBlock(names, layers), scalesAndShifts: embedding == 2 * channels[0],
      hasClasses: names.has("label_emb.weight"), learnsVariance: output[0] == 2 * input[1],
      isConsistency: family == .consistency)
    network.inputChannels = input[1]
    network.outputChannels = output[0]
    network.timeEmbeddingWidth = times[0] == 4 * channels[0] ? nil : times[0]
  }

  /// Levels, and residual blocks of a level on the way down.
  private static func counts(_ names: TensorNames) throws(FileError) -> (levels: Int, layers: Int) {
    func count(_ part: String) -> Int {
      (0..<2000).first {
        !names.has("\(part).\($0).0.weight") && !names.has("\(part).\($0).0.in_layers.0.weight")
          && !names.has("\(part).\($0).0.op.weight")
      } ?? 2000
    }
    let (inputs, outputs) = (count("input_blocks"), count("output_blocks"))
    let levels = 1 + (0..<outputs).count { upsampler(names, $0) != nil }
    guard outputs > 0, inputs == outputs, levels <= 16, outputs % levels == 0, (2...65).contains(outputs / levels)
    else {
      throw names.fault("it has \(inputs) input_blocks and \(outputs) output_blocks of \(levels) levels")
    }
    return (levels, outputs / levels - 1)
  }

  /// The module that enlarges what an output block makes, if there is one.
  private static func upsampler(_ names: TensorNames, _ block: Int) -> String? {
    [1, 2].map { "output_blocks.\(block).\($0)" }
      .first { names.has("\($0).conv.weight") || names.has("\($0).in_layers.0.weight") }
  }

  private static func changesSizeInBlock(_ names: TensorNames, _ layers: Int) -> Bool {
    upsampler(names, layers).map { names.has("\($0).in_layers.0.weight") } ?? false
  }

  /// The network, with what the file does not say.
  func result(_ settings: CheckpointSettings, preset: String?) throws(FileError) -> CheckpointNetwork {
    var reader = self
    let (answers, source) = try ADMSettings.of(structure, settings, preset: preset, path: names.file.path)
    let configuration = try reader.configuration(answers)
    try reader.rename(configuration, answers)
    return CheckpointNetwork(
      configuration: configuration, scheduler: answers.scheduler(learnsVariance: structure.learnsVariance),
      tensors: try reader.names.result(), assumptions: source.map { ["\($0): \(answers)"] } ?? [])
  }

  private func configuration(_ answers: ADMSettings) throws(FileError) -> UNetConfiguration {
    var result = network
    result.blockChannels = structure.channels
    result.layersPerBlock = structure.layers
    let plain = structure.resamplesInBlocks ? UNetConfiguration.Block.resnet : .plain
    result.downBlocks = structure.attends.map { $0 ? .attention : plain }
    result.upBlocks = result.downBlocks.reversed()
    if structure.resamplesInBlocks { (result.downsampling, result.upsampling) = (.resnet, .resnet) }
    result.timeConditioning = structure.scalesAndShifts ? .scaleShift : .offset
    result.attentionGroups = structure.scalesAndShifts ? result.normalizationGroups : nil
    result.timeProjectionWidth = structure.baseWidth == structure.channels[0] ? nil : structure.baseWidth
    result.sampleSize = answers.imageSize.map { .init(height: $0, width: $0) }
    result.dropout = answers.dropout
    if answers.rescalesTimes { result.timeScale = 1000 / Double(answers.steps) }
    if structure.hasClasses {
      result.classEmbedding = .table
      result.classCount = try names.shape("label_emb.weight", rank: 2)[0]
    }
    let widths = try structure.channels.enumerated().map { level, channels throws(FileError) in
      let isAttending = structure.attends[level] || level == structure.channels.count - 1
      guard let width = answers.heads.width(of: channels) else {
        guard isAttending else { return (channels, false) }
        throw names.fault("its \(channels) channels are no multiple of \(answers.heads)")
      }
      return (width, isAttending)
    }
    let attending = Set(widths.filter(\.1).map(\.0))
    if attending.count == 1 { result.headWidth = attending.first } else { result.levelHeadWidths = widths.map(\.0) }
    return result
  }

  private mutating func rename(_ configuration: UNetConfiguration, _ answers: ADMSettings) throws(FileError) {
    try names.move("time_embed.0", to: "time_embedding.linear_1")
    try names.move("time_embed.2", to: "time_embedding.linear_2")
    if structure.hasClasses { try names.move(tensor: "label_emb.weight", to: "class_embedding.weight") }
    try names.move("input_blocks.0.0", to: "conv_in")
    let levels = structure.channels.count, layers = structure.layers
    for level in 0..<levels {
      let scope = "down_blocks.\(level)", first = 1 + level * (layers + 1)
      for layer in 0..<layers {
        let block = "input_blocks.\(first + layer)"
        try moveBlock("\(block).0", to: "\(scope).resnets.\(layer)")
        if structure.attends[level] {
          try moveAttention("\(block).1", to: "\(scope).attentions.\(layer)", answers, structure.channels[level])
        }
      }
      guard level < levels - 1 else { continue }
      try moveResampling("input_blocks.\(first + layers).0", "op", to: "\(scope).downsamplers.0")
    }
    try moveBlock("middle_block.0", to: "mid_block.resnets.0")
    try moveAttention("middle_block.1", to: "mid_block.attentions.0", answers, structure.channels[levels - 1])
    try moveBlock("middle_block.2", to: "mid_block.resnets.1")
    for (place, level) in (0..<levels).reversed().enumerated() {
      let scope = "up_blocks.\(place)", first = place * (layers + 1)
      for layer in 0...layers {
        let block = "output_blocks.\(first + layer)"
        try moveBlock("\(block).0", to: "\(scope).resnets.\(layer)")
        if structure.attends[level] {
          try moveAttention("\(block).1", to: "\(scope).attentions.\(layer)", answers, structure.channels[level])
        }
      }
      guard level > 0 else { continue }
      let module = "output_blocks.\(first + layers).\(structure.attends[level] ? 2 : 1)"
      try moveResampling(module, "conv", to: "\(scope).upsamplers.0")
    }
    try names.move("out.0", to: "conv_norm_out")
    try names.move("out.2", to: "conv_out")
  }

  private mutating func moveBlock(_ block: String, to target: String) throws(FileError) {
    try names.move(block, to: target, Self.block)
    if names.has("\(block).skip_connection.weight") {
      try names.move("\(block).skip_connection", to: "\(target).conv_shortcut")
    }
  }

  private mutating func moveResampling(
    _ module: String, _ layer: String, to target: String
  ) throws(FileError) {
    if structure.resamplesInBlocks {
      try moveBlock(module, to: target)
    } else {
      try names.move("\(module).\(layer)", to: "\(target).conv")
    }
  }

  private mutating func moveAttention(
    _ module: String, to target: String, _ answers: ADMSettings, _ channels: Int
  ) throws(FileError) {
    let ones = [Int](repeating: 1, count: qkvRank - 2)
    guard try names.shape("\(module).qkv.weight", rank: qkvRank) == [3 * channels, channels] + ones,
      let width = answers.heads.width(of: channels)
    else {
      throw names.fault("tensor '\(module).qkv.weight' does not fit \(channels) channels with \(answers.heads)")
    }
    try names.move("\(module).norm", to: "\(target).group_norm")
    try names.split("\(module).qkv", to: target, answers.groupsParts ? .parts : .heads(width: width))
    try names.move("\(module).proj_out", to: "\(target).to_out.0")
  }
}
