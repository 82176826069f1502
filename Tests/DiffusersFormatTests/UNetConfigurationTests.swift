import DiffusersFormat
import Compute
import Files
import Networks
import Tensors
import TestSupport
import Testing

@Suite("Configurations are read as diffusers reads them")
struct UNetConfigurationTests {
  private func readWithWarnings(_ text: String) throws -> (configuration: UNetConfiguration, warnings: [String]) {
    let json = try Array(text.utf8).withUnsafeBytes { try JSONValue(parsing: $0, path: "config.json") }
    return try UNetConfiguration.read(json, path: "config.json")
  }

  private func read(_ text: String) throws -> UNetConfiguration { try readWithWarnings(text).configuration }

  @Test("Missing keys have the defaults of UNet2DModel")
  func defaults() throws {
    #expect(try read("{}") == UNetConfiguration())
    let configuration = UNetConfiguration()
    #expect(configuration.blockChannels == [224, 448, 672, 896])
    #expect(configuration.headWidth == 8)
    #expect(configuration.embeddingWidth == 896)
    #expect(configuration.sizeDivisor == 8)
  }

  @Test("Null means one head, no middle block, or the default, depending on the key")
  func nulls() throws {
    let (configuration, warnings) = try readWithWarnings(
      #"{"attention_head_dim": null, "mid_block_type": null, "downsample_type": null, "time_embedding_dim": null}"#)
    #expect(configuration.headWidth == nil)
    #expect(!configuration.hasMiddleBlock)
    #expect(configuration.downsampling == .convolution)
    #expect(configuration.timeEmbeddingWidth == nil)
    #expect(warnings.isEmpty)
  }

  @Test("Names of the time before the first release are understood")
  func formerNames() throws {
    let (configuration, warnings) = try readWithWarnings(
      #"""
      {"_class_name": "UNetUnconditionalModel", "image_size": 32, "block_channels": [32, 64],
       "down_blocks": ["UNetResDownBlock2D", "UNetResAttnDownBlock2D"],
       "up_blocks": ["UNetResAttnUpBlock2D", "UNetResUpBlock2D"], "num_res_blocks": 3, "resnet_eps": 1e-6,
       "downscale_freq_shift": 1, "num_head_channels": 16, "resnet_act_fn": "SWISH", "resnet_num_groups": 16}
      """#)
    #expect(configuration.sampleSize == .init(height: 32, width: 32))
    #expect(configuration.blockChannels == [32, 64])
    #expect(configuration.downBlocks == [.plain, .attention])
    #expect(configuration.upBlocks == [.attention, .plain])
    #expect(configuration.layersPerBlock == 3)
    #expect(configuration.epsilon == 1e-6)
    #expect(configuration.frequencyShift == 1)
    #expect(configuration.headWidth == 16)
    #expect(configuration.activation == .silu)
    #expect(configuration.normalizationGroups == 16)
    #expect(warnings.isEmpty)
  }

  @Test("Unknown keys are ignored with a warning, names with an underscore without one")
  func unknownKeys() throws {
    let (configuration, warnings) = try readWithWarnings(
      #"{"fancy": 1, "_diffusers_version": "0.1", "sample_size": [8, 24]}"#)
    #expect(warnings == ["config.json: fancy: unknown, ignored"])
    #expect(configuration.sampleSize == .init(height: 8, width: 24))
  }

  @Test("Keys that _use_default_values lists take their defaults")
  func defaultValues() throws {
    let configuration = try read(#"{"_use_default_values": ["norm_eps"], "norm_eps": 0.5, "flip_sin_to_cos": false}"#)
    #expect(configuration.epsilon == 1e-5)
    #expect(!configuration.putsCosinesFirst)
  }

  @Test("What is written is read back the same", arguments: UNetCase.kinds)
  func roundTrip(folder: String) throws {
    let configuration = try ModelDirectory(folder).configuration()
    #expect(try UNetConfiguration(configuration.json, path: "config.json") == configuration)
    let original = try #require(try JSONValue(contentsOf: "\(folder)/unet/config.json").object)
    let written = try #require(configuration.json.object)
    for (key, value) in original where key != "_diffusers_version" { #expect(written[key] == value, "\(key)") }
  }

  @Test("What diffusers does not have is read back the same, and written so that diffusers fails")
  func ownOptions() throws {
    var configuration = UNetConfiguration()
    configuration.upBlocks[0] = .lastAttention
    configuration.levelHeadWidths = [8, 8, 16, 32]
    (configuration.timeScale, configuration.timeProjectionWidth) = (0.25, 112)
    let json = configuration.json
    #expect(try UNetConfiguration(json, path: "config.json") == configuration)
    #expect(json["up_block_types"]?.array?.first == .string("LastAttnUpBlock2D"))
    #expect(json["time_embedding_type"] == .string("scaled_positional"))
    #expect(json["attention_head_dim"] == .array([.number(8), .number(8), .number(16), .number(32)]))
    #expect(UNetConfiguration().json["time_scale"] == nil && UNetConfiguration().json["time_projection_dim"] == nil)
  }

  /// The network of google/ncsnpp-celebahq-256.
  private static let church: UNetConfiguration = {
    var result = UNetConfiguration()
    result.sampleSize = .init(height: 256, width: 256)
    result.centersInput = true
    result.timeEmbedding = .fourier
    result.blockChannels = [128, 128, 256, 256, 256, 256, 256]
    result.downBlocks = [.resnet, .resnet, .resnet, .resnet, .attention, .resnet, .resnet]
    result.upBlocks = [.resnet, .resnet, .lastAttention, .resnet, .resnet, .resnet, .resnet]
    (result.encoder, result.decoder, result.resizingFilter) = (.skip, .skip, .binomial)
    (result.downsampling, result.upsampling, result.projectsWhenResizing) = (.resnet, .resnet, true)
    (result.levelScaleFactor, result.middleScaleFactor) = (2.0.squareRoot(), 2.0.squareRoot())
    (result.normalizationGroups, result.headWidth, result.epsilon) = (nil, nil, 1e-6)
    return result
  }()

  @Test("NCSN++ is written as diffusers' Skip blocks, as long as it is the same network there")
  func skipNetworks() throws {
    let json = Self.church.json
    #expect(Self.church.isKnownToDiffusers && Self.church.parameterCount == 65_574_549)
    #expect(try UNetConfiguration(json, path: "config.json") == Self.church)
    #expect(json["down_block_types"]?.array?[4] == .string("AttnSkipDownBlock2D"))
    #expect(json["up_block_types"]?.array?[2] == .string("AttnSkipUpBlock2D"))
    #expect(json["up_block_types"]?.array?[0] == .string("SkipUpBlock2D"))
    #expect(json.object?["norm_num_groups"] == JSONValue.null && json["encoder_type"] == nil)
    // Attention of fewer channels has other groups there, and other pyramids are none of its.
    for change: (inout UNetConfiguration) -> Void in [
      { $0.blockChannels = [64, 64, 64, 64, 64, 64, 64] }, { $0.encoder = .residual }, { $0.decoder = .standard },
      { $0.resizingFilter = .box }, { $0.levelScaleFactor = 1 }, { $0.timeEmbedding = .logarithmicFourier },
    ] {
      var other = Self.church
      change(&other)
      #expect(!other.isKnownToDiffusers)
      #expect(try UNetConfiguration(other.json, path: "config.json") == other)
      #expect(other.json["up_block_types"]?.array?[0] == .string("ScoreResnetUpsampleBlock2D"))
    }
  }

  @Test(
    "A value that is not legal is one line with the key, the value and what is legal",
    arguments: [
      (#"[]"#, "is no JSON object of names and values"),
      (#"{"in_channels": 0}"#, "in_channels: 0 is no whole number from 1 to 65536"),
      (#"{"in_channels": "3"}"#, "in_channels: '3' is no whole number from 1 to 65536"),
      (#"{"center_input_sample": 1}"#, "center_input_sample: 1 is neither true nor false"),
      (#"{"norm_eps": -1}"#, "norm_eps: -1 is no number from 0 to 1"),
      (#"{"norm_eps": NaN}"#, "norm_eps: NaN is no number from 0 to 1"),
      (#"{"mid_block_scale_factor": 0}"#, "mid_block_scale_factor: 0.0 is no divisor"),
      (#"{"downsample_padding": 2}"#, "downsample_padding: 2; 0 and 1 are legal"),
      (#"{"downsample_type": "fir"}"#, "downsample_type: 'fir' is not supported; legal are conv, resnet"),
      (
        #"{"time_embedding_type": "sine"}"#,
        "time_embedding_type: 'sine' is not supported; legal are positional, fourier, logarithmic_fourier, learned"
      ),
      (#"{"attention_head_dim": [8, 8]}"#, "attention_head_dim: 2 widths for 4 block_out_channels; one each is needed"),
      (
        #"{"time_embedding_type": "scaled_positional"}"#,
        "time_scale: is missing; a time embedding of scaled_positional needs it"
      ),
      (
        #"{"time_embedding_type": "fourier", "time_projection_dim": 8}"#,
        "time_scale and time_projection_dim: are for a positional time embedding"
      ),
      (#"{"act_fn": "tanh"}"#, "act_fn: 'tanh' is no known function; legal are silu, swish, mish, gelu, relu"),
      (
        #"{"resnet_time_scale_shift": "spatial"}"#,
        "resnet_time_scale_shift: 'spatial' is not supported; legal are default, scale_shift"
      ),
      (
        #"{"mid_block_type": "UNetMidBlock2DCrossAttn"}"#,
        "mid_block_type: 'UNetMidBlock2DCrossAttn' is not supported; legal are UNetMidBlock2D and null"
      ),
      (
        #"{"down_block_types": ["DownBlock2D", "SkipDownBlock2D"]}"#,
        "up_block_types: Skip blocks stand beside others; all blocks or none must be such"
      ),
      (
        #"{"down_block_types": ["DownBlock2D", "KDownBlock2D"]}"#,
        "down_block_types: 'KDownBlock2D' is no known block type; legal are DownBlock2D, AttnDownBlock2D, "
          + "LastAttnDownBlock2D, ResnetDownsampleBlock2D, AttnSkipDownBlock2D, SkipDownBlock2D"
      ),
      (
        #"{"up_block_types": ["DownBlock2D"]}"#,
        "up_block_types: 'DownBlock2D' is no known block type; legal are UpBlock2D, AttnUpBlock2D, "
          + "LastAttnUpBlock2D, ResnetUpsampleBlock2D, AttnSkipUpBlock2D, SkipUpBlock2D"
      ),
      (
        #"{"block_out_channels": [32, 64]}"#,
        "down_block_types: 4 blocks for 2 block_out_channels; one each is needed"
      ),
      (
        #"{"block_out_channels": [40, 80, 80, 80]}"#,
        "norm_num_groups: 32 groups do not divide the 40 channels of down_blocks.0.resnets.0.norm1"
      ),
      (
        #"{"attn_norm_num_groups": 5}"#,
        "attn_norm_num_groups: 5 groups do not divide the 896 channels of mid_block.attentions.0.group_norm"
      ),
      (
        #"{"attention_head_dim": 500}"#,
        "attention_head_dim: 500 is more than the 448 channels of down_blocks.1.attentions.0"
      ),
      (
        #"{"norm_num_groups": null}"#,
        "norm_num_groups: is null; only networks of Skip blocks have no number of groups"
      ),
      (
        #"{"down_block_types": ["SkipDownBlock2D"], "up_block_types": ["SkipUpBlock2D"], "block_out_channels": [64]}"#,
        "norm_num_groups: 32 beside Skip blocks is not supported; null is"
      ),
      (
        #"{"down_block_types": ["ScoreDownBlock2D"], "up_block_types": ["ScoreUpBlock2D"], "resample_filter": [1, 2, 1]}"#,
        "resample_filter: [1, 2, 1] is not supported; legal are [1, 1] and [1, 3, 3, 1]"
      ),
      (
        #"{"class_embed_type": "simple_projection"}"#,
        "class_embed_type: 'simple_projection' is not supported; legal are timestep, identity and null (a table)"
      ),
      (
        #"{"time_embedding_type": "learned"}"#,
        "num_train_timesteps: a learned time embedding needs the number of its rows"
      ),
      (#"{"layers_per_block": 65}"#, "layers_per_block: 65 is no whole number from 1 to 64"),
      (#"{"sample_size": [8]}"#, "sample_size: [8] is neither a number nor [height, width]"),
    ])
  func faults(text: String, fault: String) throws {
    let error = #expect(throws: FileError.self) { try read(text) }
    #expect(error?.description == "config.json: \(fault)")
  }
}
