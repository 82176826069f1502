import Compute
import Tensors

/// One residual block of a level, and the attention after it if the level has any.
struct Layer {
  let block: ResidualBlock
  let attention: SelfAttention?

  init(
    _ scope: ParameterScope, _ index: Int, _ configuration: UNetConfiguration, level: Int, from inputs: Int,
    to outputs: Int, attention: Int?, inputGroups: Int? = nil
  ) throws(NetworkError) {
    block = try .init(scope["resnets", index], configuration, from: inputs, to: outputs, inputGroups: inputGroups)
    self.attention = try attention.map { number throws(NetworkError) in
      try .init(
        scope["attentions", number], configuration, level: level, channels: outputs,
        groups: (configuration.attentionLevelGroups ?? configuration.groups(of: outputs), "norm_num_groups"),
        scaleFactor: configuration.levelScaleFactor)
    }
  }

  func callAsFunction(_ x: FeatureMaps, time: FeatureMaps) -> FeatureMaps {
    let x = block(x, time: time)
    return attention?(x) ?? x
  }
}

/// A change of height and width between two levels.
enum Resampler {
  case convolution(Convolution)
  case block(ResidualBlock)

  func callAsFunction(_ x: FeatureMaps, time: FeatureMaps) -> FeatureMaps {
    switch self {
    case .convolution(let convolution): convolution(x)
    case .block(let block): block(x, time: time)
    }
  }
}

/// A level on the way down: layers, then half the height and width, except at the last level.
struct DownLevel {
  let layers: [Layer]
  let downsampler: Resampler?
  let pyramid: EncoderPyramid?

  /// - Parameters:
  ///   - level: The level, 0 for the finest.
  ///   - inputs: Channels that come from the finer level.
  ///   - outputs: Channels of this level.
  ///   - pyramid: Channels of the pyramid at this level.
  init(
    _ scope: ParameterScope, _ configuration: UNetConfiguration, _ block: UNetConfiguration.Block, level: Int,
    from inputs: Int, to outputs: Int, pyramid: Int
  ) throws(NetworkError) {
    let isLast = level == configuration.blockChannels.count - 1
    var layers: [Layer] = []
    let count = configuration.layersPerBlock
    for index in 0..<count {
      layers.append(
        try Layer(
          scope, index, configuration, level: level, from: index == 0 ? inputs : outputs, to: outputs,
          attention: block.attention(after: index, of: count)))
    }
    self.layers = layers
    downsampler = isLast ? nil : try Self.downsampler(scope, configuration, block, channels: outputs)
    self.pyramid = isLast ? nil : try .init(scope, configuration, from: pyramid, to: outputs)
  }

  private static func downsampler(
    _ scope: ParameterScope, _ configuration: UNetConfiguration, _ block: UNetConfiguration.Block, channels: Int
  ) throws(NetworkError) -> Resampler {
    let scope = configuration.encoder == .standard ? scope["downsamplers", 0] : scope["resnet_down"]
    if block == .resnet || block.hasAttention && configuration.downsampling == .resnet {
      return .block(try .init(scope, configuration, from: channels, to: channels, resizing: .halving))
    }
    let padding: Padding =
      configuration.downsamplePadding == 0 ? .init(top: 0, bottom: 1, left: 0, right: 1) : .all(1)
    let shape = ConvolutionShape(
      inputChannels: channels, outputChannels: channels, kernel: 3, stride: 2, padding: padding)
    return .convolution(try .init(scope["conv"], shape))
  }

  /// Feature maps of the next level; what the way up reads again is added to `skips`, and the pyramid goes down with them.
  func callAsFunction(
    _ x: FeatureMaps, time: FeatureMaps, skips: inout [FeatureMaps], pyramid image: inout FeatureMaps
  ) -> FeatureMaps {
    var x = x
    for layer in layers {
      x = layer(x, time: time)
      skips.append(x)
    }
    guard let downsampler else { return x }
    x = downsampler(x, time: time)
    if let pyramid { x = pyramid(x, image: &image) }
    skips.append(x)
    return x
  }
}

/// The middle of the network: two residual blocks, and attention between them if the network has any.
struct MiddleLevel {
  let first: ResidualBlock
  let attention: SelfAttention?
  let second: ResidualBlock

  init(_ scope: ParameterScope, _ configuration: UNetConfiguration, channels: Int) throws(NetworkError) {
    func block(_ index: Int) throws(NetworkError) -> ResidualBlock {
      try .init(
        scope["resnets", index], configuration, from: channels, to: channels,
        scaleFactor: configuration.middleScaleFactor)
    }
    let key = configuration.attentionGroups == nil ? "norm_num_groups" : "attn_norm_num_groups"
    first = try block(0)
    attention =
      configuration.hasMiddleAttention
      ? try .init(
        scope["attentions", 0], configuration, level: configuration.blockChannels.count - 1, channels: channels,
        groups: configuration.middleAttentionGroups.map { ($0, key) }, scaleFactor: configuration.middleScaleFactor)
      : nil
    second = try block(1)
  }

  func callAsFunction(_ x: FeatureMaps, time: FeatureMaps) -> FeatureMaps {
    let x = first(x, time: time)
    return second(attention?(x) ?? x, time: time)
  }
}

/// A level on the way up: layers that read what the way down kept, then twice the height and width, except at the last.
struct UpLevel {
  let layers: [Layer]
  let upsampler: Resampler?
  let pyramid: DecoderPyramid?

  /// - Parameters:
  ///   - level: The level, 0 for the finest.
  ///   - inputs: Channels that come from the coarser level.
  ///   - outputs: Channels of this level.
  ///   - finer: Channels of the next finer level, from which the last layer's skip connection comes.
  init(
    _ scope: ParameterScope, _ configuration: UNetConfiguration, _ block: UNetConfiguration.Block, level: Int,
    from inputs: Int, to outputs: Int, finer: Int
  ) throws(NetworkError) {
    var layers: [Layer] = []
    let count = configuration.layersPerBlock + 1
    for index in 0..<count {
      let kept = index == count - 1 ? finer : outputs
      layers.append(
        try Layer(
          scope, index, configuration, level: level, from: (index == 0 ? inputs : outputs) + kept, to: outputs,
          attention: block.attention(after: index, of: count),
          inputGroups: block.hasAttention ? configuration.attentionLevelGroups : nil))
    }
    self.layers = layers
    upsampler = level == 0 ? nil : try Self.upsampler(scope, configuration, block, channels: outputs)
    pyramid = try .init(scope, configuration, channels: outputs, isFinest: level == 0)
  }

  private static func upsampler(
    _ scope: ParameterScope, _ configuration: UNetConfiguration, _ block: UNetConfiguration.Block, channels: Int
  ) throws(NetworkError) -> Resampler {
    let scope = configuration.decoder == .standard ? scope["upsamplers", 0] : scope["resnet_up"]
    if block == .resnet || block.hasAttention && configuration.upsampling == .resnet {
      return .block(try .init(scope, configuration, from: channels, to: channels, resizing: .doubling))
    }
    return .convolution(try .init(scope["conv"], .square(from: channels, to: channels, upsamplesInput: true)))
  }

  /// Feature maps of the next finer level; takes from `skips` what its layers read, and the image goes up with them.
  func callAsFunction(
    _ x: FeatureMaps, time: FeatureMaps, skips: inout [FeatureMaps], image: inout FeatureMaps?
  ) -> FeatureMaps {
    var x = x
    for layer in layers { x = layer(x.joined(with: skips.removeLast()), time: time) }
    if let pyramid { image = pyramid(x, image: image) }
    return upsampler?(x, time: time) ?? x
  }
}
