import Files
import Networks
import Tensors

/// The networks of EDM (Karras and others 2022): SongUNet, which is score_sde's DDPM++ and NCSN++, and DhariwalUNet, which is guided-diffusion's.
///
/// Modules are named by the rows and columns of their images. A class enters SongUNet beside the time, before the linear layers. The weights of
/// augmentations are left out: nothing is augmented when images are sampled, and their contribution is zero.
struct EDMNetwork {
  private var names: TensorNames
  private let wrapper: EDMWrapper
  /// Rows of the largest images.
  private let size: Int
  private var levels = 0

  private var isSong: Bool { wrapper.network == .song }

  init(_ file: any TensorFile, _ wrapper: EDMWrapper) throws(FileError) {
    names = TensorNames(file, .edm)
    self.wrapper = wrapper
    size = wrapper.size
    for name in file.entries.keys where name.hasSuffix(".resample_filter") || name == "u" { names.drop(name) }
    names.drop("model.map_augment.weight")
  }

  /// The network.
  func result() throws(FileError) -> CheckpointNetwork {
    var reader = self
    return try reader.read()
  }

  private func place(_ part: String, _ level: Int) -> String { "model.\(part).\(size >> level)x\(size >> level)" }

  private mutating func read() throws(FileError) -> CheckpointNetwork {
    var result = try commonConfiguration()
    levels = (0..<16).first { size >> $0 == 0 || !names.has("\(place("enc", $0))_block0.conv0.weight") } ?? 16
    let layers = (0..<65).first { !names.has("\(place("enc", 0))_block\($0).conv0.weight") } ?? 65
    guard levels > 0, (1...64).contains(layers) else {
      throw names.fault("it has no blocks enc.\(size)x\(size)_block0 and so on for images of \(size)x\(size)")
    }
    result.layersPerBlock = layers
    try readEmbedding(&result)
    let input = try names.shape("\(place("enc", 0))_conv.weight", rank: 4)
    try names.move("\(place("enc", 0))_conv", to: "conv_in")
    result.inputChannels = input[1]
    setPyramids(&result)
    try readDown(&result)
    try readUp(&result)
    let (norm, output) =
      isSong ? ("\(place("dec", 0))_aux_norm", "\(place("dec", 0))_aux_conv") : ("model.out_norm", "model.out_conv")
    result.outputChannels = try names.shape("\(output).weight", rank: 4)[0]
    try names.move(norm, to: "conv_norm_out")
    try names.move(output, to: "conv_out")
    try finish(&result)
    return .init(
      configuration: result, scheduler: wrapper.scheduler, tensors: try names.result(), assumptions: [])
  }

  /// What is the same for all networks of a class, and what the file says in words.
  private func commonConfiguration() throws(FileError) -> UNetConfiguration {
    var result = UNetConfiguration()
    result.sampleSize = .init(height: size, width: size)
    result.normalizationGroups = nil
    result.dropout = wrapper.dropout
    result.resizingFilter = wrapper.filter
    (result.downsampling, result.upsampling) = (.resnet, .resnet)
    if isSong {
      (result.levelScaleFactor, result.middleScaleFactor) = (2.0.squareRoot(), 2.0.squareRoot())
      (result.projectsWhenResizing, result.epsilon, result.headWidth) = (true, 1e-6, nil)
      (result.frequencyShift, result.putsCosinesFirst) = (1, false)
    } else {
      (result.timeConditioning, result.epsilon) = (.scaleShift, 1e-5)
    }
    return result
  }

  private mutating func readEmbedding(_ result: inout UNetConfiguration) throws(FileError) {
    if names.has("model.map_noise.freqs") {
      result.timeEmbedding = .logarithmicFourier
      try names.move(tensor: "model.map_noise.freqs", to: "time_proj.weight")
    }
    let width = try names.shape("model.map_layer0.weight", rank: 2)
    (result.timeEmbeddingWidth, result.timeProjectionWidth) = (width[0], width[1])
    try names.move("model.map_layer0", to: "time_embedding.linear_1")
    try names.move("model.map_layer1", to: "time_embedding.linear_2")
    guard names.has("model.map_label.weight") else { return }
    let classes = try names.shape("model.map_label.weight", rank: 2)[1]
    result.classCount = classes
    if isSong {
      result.classEmbedding = .projection
      try names.move("model.map_label", to: "class_embedding")
    } else {
      result.classEmbedding = .table
      try names.moveTransposed(tensor: "model.map_label.weight", to: "class_embedding.weight")
    }
  }

  private func setPyramids(_ result: inout UNetConfiguration) {
    guard levels > 1 else { return }
    if names.has("\(place("enc", 1))_aux_skip.weight") { result.encoder = .skip }
    if names.has("\(place("enc", 1))_aux_residual.weight") { result.encoder = .residual }
    if names.has("\(place("dec", 1))_aux_conv.weight") { result.decoder = .skip }
  }

  private mutating func readDown(_ result: inout UNetConfiguration) throws(FileError) {
    result.blockChannels = []
    result.downBlocks = []
    for level in 0..<levels {
      let source = place("enc", level), target = "down_blocks.\(level)"
      if level > 0 {
        let finer = "down_blocks.\(level - 1)"
        let resizing = result.encoder == .standard ? "\(finer).downsamplers.0" : "\(finer).resnet_down"
        try moveBlock("\(source)_down", to: resizing)
        switch result.encoder {
        case .standard: break
        case .skip: try names.move("\(source)_aux_skip", to: "\(finer).skip_conv")
        case .residual: try names.move("\(source)_aux_residual", to: "\(finer).residual_conv")
        }
      }
      var attends = false
      for layer in 0..<result.layersPerBlock {
        let block = "\(source)_block\(layer)"
        if layer == 0 {
          result.blockChannels.append(try names.shape("\(block).conv0.weight", rank: 4)[0])
          attends = names.has("\(block).qkv.weight")
        }
        try moveBlock(
          block, to: "\(target).resnets.\(layer)", attention: attends ? "\(target).attentions.\(layer)" : nil)
      }
      result.downBlocks.append(attends ? .attention : .resnet)
    }
  }

  private mutating func readUp(_ result: inout UNetConfiguration) throws(FileError) {
    let deepest = place("dec", levels - 1)
    try moveBlock("\(deepest)_in0", to: "mid_block.resnets.0", attention: "mid_block.attentions.0")
    try moveBlock("\(deepest)_in1", to: "mid_block.resnets.1")
    let block: UNetConfiguration.Block = isSong ? .lastAttention : .attention
    result.upBlocks = result.downBlocks.reversed().map { $0 == .attention ? block : .resnet }
    for (index, level) in (0..<levels).reversed().enumerated() {
      let source = place("dec", level), target = "up_blocks.\(index)", attends = result.upBlocks[index] == block
      if index > 0 {
        let coarser = "up_blocks.\(index - 1)"
        let resizing = result.decoder == .standard ? "\(coarser).upsamplers.0" : "\(coarser).resnet_up"
        try moveBlock("\(source)_up", to: resizing)
      }
      for layer in 0...result.layersPerBlock {
        let number = !attends ? nil : isSong ? (layer == result.layersPerBlock ? 0 : nil) : layer
        try moveBlock(
          "\(source)_block\(layer)", to: "\(target).resnets.\(layer)",
          attention: number.map { "\(target).attentions.\($0)" })
      }
      if result.decoder == .skip, level > 0 {
        try names.move("\(source)_aux_norm", to: "\(target).skip_norm")
        try names.move("\(source)_aux_conv", to: "\(target).skip_conv")
      }
    }
  }

  private mutating func moveBlock(_ block: String, to target: String, attention: String? = nil) throws(FileError) {
    try names.move(
      block, to: target,
      [("norm0", "norm1"), ("conv0", "conv1"), ("affine", "time_emb_proj"), ("norm1", "norm2"), ("conv1", "conv2")])
    if names.has("\(block).skip.weight") { try names.move("\(block).skip", to: "\(target).conv_shortcut") }
    guard let attention else { return }
    let channels = try names.shape("\(block).proj.weight", rank: 4)[0]
    guard try names.shape("\(block).qkv.weight", rank: 4) == [3 * channels, channels, 1, 1] else {
      throw names.fault("tensor '\(block).qkv.weight' does not fit \(channels) channels")
    }
    try names.move("\(block).norm2", to: "\(attention).group_norm")
    try names.split("\(block).qkv", to: attention, .channels)
    try names.move("\(block).proj", to: "\(attention).to_out.0")
  }

  /// Drops what is as by default, so that a network is written as simply as it can be, and sets the heads.
  private func finish(_ result: inout UNetConfiguration) throws(FileError) {
    let first = result.blockChannels[0], coarsest = result.blockChannels[levels - 1]
    if result.timeEmbeddingWidth == 4 * first { result.timeEmbeddingWidth = nil }
    let sinusoid = result.timeEmbedding == .positional ? first : 2 * first
    if result.timeProjectionWidth == sinusoid { result.timeProjectionWidth = nil }
    guard !isSong else { return }
    // Under a scale and shift there is no normalisation before the middle's attention unless its groups are named.
    result.attentionGroups = min(coarsest / 4, 32)
    let isAttending = result.downBlocks.map { $0 == .attention }.dropLast() + [true]
    let widths = try zip(result.blockChannels, isAttending).map { channels, attends throws(FileError) in
      // Heads of 64 channels, or a few more where 64 does not divide them.
      let heads = max(channels / EDMWrapper.headWidth, 1)
      guard !attends || channels >= EDMWrapper.headWidth && channels % heads == 0 else {
        throw names.fault("it attends with \(channels) channels, which are no heads of \(EDMWrapper.headWidth)")
      }
      return channels / heads
    }
    let attending = Set(zip(widths, isAttending).filter(\.1).map(\.0))
    if attending.count == 1 { result.headWidth = attending.first } else { result.levelHeadWidths = widths }
  }
}
