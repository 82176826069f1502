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
    !(downBlocks + upBlocks).contains(.lastAttention) && timeScale == 1 && timeProjectionWidth == nil
      && levelHeadWidths == nil
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
      "down_block_types": .array(downBlocks.map { .string($0.names.down) }),
      "mid_block_type": hasMiddleBlock ? .string("UNetMidBlock2D") : .null,
      "up_block_types": .array(upBlocks.map { .string($0.names.up) }),
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
    }
  }
}

extension JSONValue {
  fileprivate static func number(_ number: Int?) -> JSONValue { number.map { .number(Double($0)) } ?? .null }
}

extension UNetConfiguration.Block {
  /// The names of a block on the way down and on the way up.
  var names: (down: String, up: String) {
    switch self {
    case .plain: ("DownBlock2D", "UpBlock2D")
    case .attention: ("AttnDownBlock2D", "AttnUpBlock2D")
    // No name of diffusers, which does not have such a block and refuses it.
    case .lastAttention: ("LastAttnDownBlock2D", "LastAttnUpBlock2D")
    case .resnet: ("ResnetDownsampleBlock2D", "ResnetUpsampleBlock2D")
    }
  }
}
