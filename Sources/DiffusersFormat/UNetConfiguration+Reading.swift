import Compute
import Diffusion
public import Files
public import Networks

extension UNetConfiguration {
  /// Reads the `config.json` of a model.
  ///
  /// Missing keys take their defaults, keys of releases before the first are understood, and names that begin with an
  /// underscore are metadata.
  ///
  /// - Parameters:
  ///   - json: The document.
  ///   - path: What messages call it.
  /// - Returns: The architecture, and one line for each name that was not understood.
  /// - Throws: `FileError` that names the key, its value and what is legal.
  public static func read(
    _ json: JSONValue, path: String
  ) throws(FileError) -> (configuration: UNetConfiguration, warnings: [String]) {
    var fields = try ConfigurationFields(json, path: path)
    try fields.checkClass()
    var result = UNetConfiguration()
    result.sampleSize = try fields.imageSize("sample_size")
    result.inputChannels = try fields.count("in_channels", to: ConfigurationFields.largestWidth) ?? result.inputChannels
    result.outputChannels =
      try fields.count("out_channels", to: ConfigurationFields.largestWidth) ?? result.outputChannels
    result.centersInput = try fields.bool("center_input_sample") ?? result.centersInput
    if let scale = try fields.timeScale() {
      result.timeScale = scale
    } else {
      result.timeEmbedding = try fields.choice("time_embedding_type") ?? result.timeEmbedding
    }
    result.timeProjectionWidth = try fields.count("time_projection_dim", to: ConfigurationFields.largestWidth)
    result.timeEmbeddingWidth = try fields.count(
      "time_embedding_dim", to: ConfigurationFields.largestWidth, zeroIsNil: true)
    result.frequencyShift = try fields.number("freq_shift", in: -1e6...1e6) ?? result.frequencyShift
    result.putsCosinesFirst = try fields.bool("flip_sin_to_cos") ?? result.putsCosinesFirst
    result.hasMiddleBlock = try fields.middleBlock("mid_block_type") ?? result.hasMiddleBlock
    let style = try fields.takeBlocks(into: &result)
    result.blockChannels =
      try fields.counts("block_out_channels", to: ConfigurationFields.largestWidth) ?? result.blockChannels
    result.layersPerBlock = try fields.count("layers_per_block", to: 64) ?? result.layersPerBlock
    result.middleScaleFactor = try fields.number("mid_block_scale_factor", in: -1e6...1e6) ?? result.middleScaleFactor
    result.downsamplePadding = try fields.padding("downsample_padding") ?? result.downsamplePadding
    result.downsampling = try fields.choice("downsample_type") ?? result.downsampling
    result.upsampling = try fields.choice("upsample_type") ?? result.upsampling
    result.dropout = try fields.number("dropout", in: 0...1) ?? result.dropout
    result.activation = try fields.activation("act_fn") ?? result.activation
    result.levelHeadWidths = try fields.list("attention_head_dim")
    result.headWidth =
      fields.takeNull("attention_head_dim") ? nil : try fields.count("attention_head_dim") ?? result.headWidth
    result.normalizationGroups =
      fields.takeNull("norm_num_groups")
      ? nil : try fields.count("norm_num_groups") ?? result.normalizationGroups
    result.attentionGroups = try fields.count("attn_norm_num_groups")
    result.epsilon = try fields.number("norm_eps", in: 0...1) ?? result.epsilon
    result.timeConditioning = try fields.choice("resnet_time_scale_shift") ?? result.timeConditioning
    result.hasMiddleAttention = try fields.bool("add_attention") ?? result.hasMiddleAttention
    result.classCount = try fields.count("num_class_embeds")
    result.classEmbedding = try fields.classEmbedding("class_embed_type", hasTable: result.classCount != nil)
    result.trainingTimesteps = try fields.count("num_train_timesteps", to: NoiseSchedule.largestCount)
    switch style {
    case .diffusers:
      guard result.normalizationGroups != nil else {
        throw fields.fault("norm_num_groups", "is null; only networks of Skip blocks have no number of groups")
      }
    case .skip: try result.becomeSkipNetwork(fields)
    case .score: try fields.takeScoreOptions(into: &result)
    }
    try FileError.of { () throws(NetworkError) in try result.validate(path: path) }
    return (result, fields.unreadWarnings)
  }

  /// Reads the `config.json` of a model; what was not understood is ignored, see ``read(_:path:)``.
  public init(_ json: JSONValue, path: String) throws(FileError) {
    self = try Self.read(json, path: path).configuration
  }
}
