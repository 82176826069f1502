public import Compute
public import Tensors

/// The architecture of a U-Net: what diffusers' `UNet2DModel` reads from `config.json`, with the same defaults.
public struct UNetConfiguration: Sendable, Hashable {
  /// How the time reaches the network.
  public enum TimeEmbedding: String, Sendable, Hashable, CaseIterable {
    /// Sines and cosines of geometrically spaced frequencies (Vaswani et al. 2017, section 3.5).
    case positional
    /// Sines and cosines of random frequencies times the logarithm of the noise level (Song et al. 2021); the network's
    /// output is divided by that level.
    case fourier
    /// The same of times that are logarithms already; the output is not divided (Karras et al. 2022, which calls them noise labels).
    case logarithmicFourier = "logarithmic_fourier"
    /// A learned row a training step.
    case learned

    /// Whether sines and cosines are of random frequencies.
    var isFourier: Bool { self == .fourier || self == .logarithmicFourier }
  }

  /// How the class of an image reaches the network.
  public enum ClassEmbedding: Sendable, Hashable {
    /// Not at all.
    case none
    /// A learned row a class.
    case table
    /// Labels are embedded as times are.
    case timestep
    /// Labels are given as vectors as wide as the time embedding.
    case identity
    /// A linear layer of the class as one of a unit vector's places, added to the sinusoid of the time (Karras et al. 2022).
    case projection
  }

  /// What a level of the network consists of.
  public enum Block: Sendable, Hashable, CaseIterable {
    /// Residual blocks, then a convolution that changes the size.
    case plain
    /// Residual blocks with attention after each, then a change of size of either kind.
    case attention
    /// Residual blocks with attention after the last of them alone, then a change of size of either kind: score_sde's way up.
    case lastAttention
    /// Residual blocks, then one more that changes the size.
    case resnet
  }

  /// How a level with attention changes the size.
  public enum Resampling: String, Sendable, Hashable, CaseIterable {
    /// By a convolution.
    case convolution = "conv"
    /// By a residual block.
    case resnet
  }

  /// How residual blocks and pyramids halve and double images.
  public enum ResizingFilter: Sendable, Hashable {
    /// By the mean of 2x2 pixels, and by nearest neighbour: the filter 1, 1.
    case box
    /// By the filter 1, 3, 3, 1 in both directions, zero outside of the image (Karras et al. 2020).
    case binomial
  }

  /// What a level reads besides the level before it.
  ///
  /// Song et al. (2021, appendix H) compare them, Karras et al. (2022) name them so.
  public enum Encoder: String, Sendable, Hashable, CaseIterable {
    /// Nothing.
    case standard
    /// The image, halved as often, through a pointwise convolution.
    case skip
    /// What the level before it began with, halved by a filter and a convolution.
    case residual
  }

  /// What levels on the way up write besides what the next level reads.
  public enum Decoder: String, Sendable, Hashable, CaseIterable {
    /// Nothing.
    case standard
    /// An image each; doubled as often as is needed, their sum is the output.
    case skip
  }

  /// How the time enters a residual block.
  public enum TimeConditioning: String, Sendable, Hashable, CaseIterable {
    /// Added to the channels before the second normalisation.
    case offset = "default"
    /// As scale and shift of the second normalisation.
    case scaleShift = "scale_shift"
  }

  /// The size of the images that the network was trained on, if the file says so.
  public var sampleSize: ImageSize?
  /// Channels of an image.
  public var inputChannels = 3
  /// Channels of the output.
  public var outputChannels = 3
  /// Whether the input is in `0...1` and is mapped to `2 x - 1` first.
  public var centersInput = false
  /// How the time reaches the network.
  public var timeEmbedding = TimeEmbedding.positional
  /// Width of the time embedding, or nil for four times the channels of the first level.
  public var timeEmbeddingWidth: Int?
  /// Values of the sinusoid of a time, or nil for the channels of the first level, and twice as many of random frequencies.
  public var timeProjectionWidth: Int?
  /// By what times are multiplied before their sinusoid: 1000 over the steps of a training that shows its network times below 1000.
  public var timeScale = 1.0
  /// Subtracted from half the number of frequencies in the denominator of their exponents.
  public var frequencyShift = 0.0
  /// Whether cosines come before sines.
  public var putsCosinesFirst = true
  /// The levels on the way down, the finest first.
  public var downBlocks = [Block.plain, .attention, .attention, .attention]
  /// Whether there is a middle block.
  public var hasMiddleBlock = true
  /// The levels on the way up, the coarsest first.
  public var upBlocks = [Block.attention, .attention, .attention, .plain]
  /// Channels of each level, the finest first.
  public var blockChannels = [224, 448, 672, 896]
  /// Residual blocks of a level on the way down; one more on the way up.
  public var layersPerBlock = 2
  /// Divisor of the sums in the middle block.
  public var middleScaleFactor = 1.0
  /// Divisor of the sums in the levels' residual blocks and attentions.
  public var levelScaleFactor = 1.0
  /// How residual blocks and pyramids halve and double images.
  public var resizingFilter = ResizingFilter.box
  /// Whether a residual block that changes the size has a convolution around it even where the channels agree.
  public var projectsWhenResizing = false
  /// What levels on the way down read besides the level before them.
  public var encoder = Encoder.standard
  /// What levels on the way up write besides what the next level reads.
  public var decoder = Decoder.standard
  /// Zeros around the image before it is downsampled: 1, or 0 for one row below and one column to the right.
  public var downsamplePadding = 1
  /// How levels with attention downsample.
  public var downsampling = Resampling.convolution
  /// How levels with attention upsample.
  public var upsampling = Resampling.convolution
  /// The dropout of training; sampling has none.
  public var dropout = 0.0
  /// The function in residual blocks.
  public var activation = Nonlinearity.silu
  /// Channels of an attention head, or nil for one head.
  public var headWidth: Int? = 8
  /// Channels of an attention head of each level, the finest first, where they differ; in place of ``headWidth``.
  public var levelHeadWidths: [Int]?
  /// Groups of the normalisations, or nil for a quarter of the channels, at most 32.
  public var normalizationGroups: Int? = 32
  /// Groups of the normalisation before the middle block's attention, if the file says so.
  public var attentionGroups: Int?
  /// Groups, where they are others, of the normalisations before the levels' attentions, and of the first ones of the blocks on the way up
  /// there: diffusers' `AttnSkip` blocks have 32.
  public var attentionLevelGroups: Int?
  /// Added to the variances.
  public var epsilon = 1e-5
  /// How the time enters residual blocks.
  public var timeConditioning = TimeConditioning.offset
  /// Whether the middle block has attention.
  public var hasMiddleAttention = true
  /// How the class reaches the network.
  public var classEmbedding = ClassEmbedding.none
  /// Rows of the table of classes.
  public var classCount: Int?
  /// Rows of the table of a learned time embedding.
  public var trainingTimesteps: Int?

  /// The defaults of diffusers' `UNet2DModel`.
  public init() {}

  /// Values of the sinusoid of a time.
  var projectionWidth: Int { timeProjectionWidth ?? (timeEmbedding.isFourier ? 2 : 1) * blockChannels[0] }

  /// Groups of a normalisation.
  func groups(of channels: Int) -> Int { normalizationGroups ?? min(channels / 4, 32) }

  /// Channels of an attention head of a level, or nil for one head.
  func headWidth(ofLevel level: Int) -> Int? {
    if let levelHeadWidths { levelHeadWidths[level] } else { headWidth }
  }

  /// Width of the time embedding.
  public var embeddingWidth: Int { timeEmbeddingWidth ?? 4 * blockChannels[0] }

  /// What divides the height and width of every input: two for each level but the last.
  public var sizeDivisor: Int { 1 << (blockChannels.count - 1) }

  /// Whether pixels attend to each other anywhere in the network.
  var hasAttention: Bool {
    hasMiddleBlock && hasMiddleAttention || (downBlocks + upBlocks).contains { $0.hasAttention }
  }

  /// Groups of the normalisation before the middle block's attention, or nil if there is none.
  var middleAttentionGroups: Int? {
    attentionGroups ?? (timeConditioning == .offset ? groups(of: blockChannels[blockChannels.count - 1]) : nil)
  }
}

extension UNetConfiguration.Block {
  /// Whether pixels attend to each other.
  package var hasAttention: Bool { self == .attention || self == .lastAttention }

  /// The number among a level's attentions of that which follows one of some residual blocks, or nil if none does.
  func attention(after index: Int, of count: Int) -> Int? {
    switch self {
    case .plain, .resnet: nil
    case .attention: index
    case .lastAttention: index == count - 1 ? 0 : nil
    }
  }
}
