import Compute
public import Files
public import Networks
import Tensors

extension UNetConfiguration {
  /// The document that diffusers reads: every key of `UNet2DModel`, and the class's name.
  ///
  /// What diffusers does not have is written so that it fails there, rather than being another network: blocks, a time embedding and a
  /// list of head widths that it does not know.
  public var json: JSONValue {
    var members = commonMembers
    switch blockStyle {
    case .diffusers: break
    // Skip blocks have one kind of resampling, whatever these say.
    case .skip: for key in ["downsample_type", "upsample_type"] { members[key] = .string("conv") }
    case .score: members.merge(scoreOptions) { $1 }
    }
    if timeScale != 1 {
      members["time_embedding_type"] = .string(Self.scaledPositional)
      members["time_scale"] = .number(timeScale)
    }
    if let timeProjectionWidth { members["time_projection_dim"] = .number(timeProjectionWidth) }
    if let levelHeadWidths { members["attention_head_dim"] = .array(levelHeadWidths.map { .number($0) }) }
    return .object(members)
  }

  /// Whether diffusers' `UNet2DModel` can be this network.
  public var isKnownToDiffusers: Bool {
    guard timeScale == 1, timeProjectionWidth == nil, levelHeadWidths == nil else { return false }
    return switch blockStyle {
    case .diffusers: !(downBlocks + upBlocks).contains(.lastAttention)
    case .skip: inputChannels == 3 && outputChannels == 3
    case .score: false
    }
  }

  /// The time embedding of a network whose times are scaled.
  static let scaledPositional = "scaled_positional"

  private var commonMembers: [String: JSONValue] {
    [
      "_class_name": .string("UNet2DModel"),
      "sample_size": sampleSize.map(Self.json) ?? .null,
      "in_channels": .number(inputChannels), "out_channels": .number(outputChannels),
      "center_input_sample": .boolean(centersInput),
      "time_embedding_type": .string(timeEmbedding.rawValue), "time_embedding_dim": .number(timeEmbeddingWidth),
      "freq_shift": .number(frequencyShift), "flip_sin_to_cos": .boolean(putsCosinesFirst),
      "down_block_types": .array(downBlocks.map { .string(blockStyle.name(of: $0, isDown: true)) }),
      "mid_block_type": hasMiddleBlock ? .string("UNetMidBlock2D") : .null,
      "up_block_types": .array(upBlocks.map { .string(blockStyle.name(of: $0, isDown: false)) }),
      "block_out_channels": .array(blockChannels.map { .number($0) }),
      "layers_per_block": .number(layersPerBlock), "mid_block_scale_factor": .number(middleScaleFactor),
      "downsample_padding": .number(downsamplePadding),
      "downsample_type": .string(downsampling.rawValue), "upsample_type": .string(upsampling.rawValue),
      "dropout": .number(dropout), "act_fn": .string(activation.rawValue),
      "attention_head_dim": .number(headWidth), "norm_num_groups": .number(normalizationGroups),
      "attn_norm_num_groups": .number(attentionGroups), "norm_eps": .number(epsilon),
      "resnet_time_scale_shift": .string(timeConditioning.rawValue), "add_attention": .boolean(hasMiddleAttention),
      "class_embed_type": classEmbedding.json, "num_class_embeds": .number(classCount),
      "num_train_timesteps": .number(trainingTimesteps),
    ]
  }

  private static func json(_ size: ImageSize) -> JSONValue {
    size.height == size.width ? .number(size.height) : .array([.number(size.height), .number(size.width)])
  }
}

extension UNetConfiguration.ClassEmbedding {
  fileprivate var json: JSONValue {
    switch self {
    case .none, .table: .null
    case .timestep: .string("timestep")
    case .identity: .string("identity")
    case .projection: .string("projection")
    }
  }
}

extension JSONValue {
  fileprivate static func number(_ number: Int?) -> JSONValue { number.map { .number(Double($0)) } ?? .null }
}
