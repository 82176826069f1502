import Compute
public import Tensors

/// The U-Net of diffusion models on pixels: diffusers' `UNet2DModel`, and the networks of score_sde and EDM.
///
/// The architecture of Ho, Jain and Abbeel (2020, appendix B), of Song and others (2021, appendix H) and of Dhariwal and Nichol (2021, section
/// 3). Images go down a stack of levels that downsample them, through a middle block, and up again; each layer on the way up also reads what
/// the layer of its size on the way down kept. Levels may read a pyramid of the image as well, and write one.
public struct UNet: DenoisingNetwork {
  /// The architecture.
  public let configuration: UNetConfiguration
  /// The parameters as files hold them, in PyTorch's order.
  public let parameters: [NamedParameter]

  /// Channels of an image.
  public var inputChannels: Int { configuration.inputChannels }
  /// Channels of the output.
  public var outputChannels: Int { configuration.outputChannels }
  /// The size of the images that the network was trained on, if its configuration says so.
  public var sampleSize: ImageSize? { configuration.sampleSize }
  /// What divides the height and width of every input: two for each level but the last.
  public var sizeDivisor: Int { configuration.sizeDivisor }
  /// Rows of the table of classes.
  public var classCount: Int? { configuration.classCount }

  let input: Convolution
  let timeProjection: TimeProjection
  let timeEmbedding: EmbeddingLayers
  let classProjection: ClassProjection?
  let down: [DownLevel]
  let middle: MiddleLevel?
  let up: [UpLevel]
  let outputNorm: Normalization
  let output: Convolution

  /// A network with the parameters of a source.
  ///
  /// - Throws: ``NetworkError`` if a parameter is missing or has another shape, or if the configuration's numbers do not fit.
  public init(_ configuration: UNetConfiguration, parameters: any ParameterSource) throws(NetworkError) {
    let recorder = ParameterRecorder(parameters)
    let scope = ParameterScope(recorder)
    let channels = configuration.blockChannels
    self.configuration = configuration
    input = try .init(scope["conv_in"], .square(from: configuration.inputChannels, to: channels[0]))
    timeProjection = try .init(scope["time_proj"], configuration)
    timeEmbedding = try .init(
      scope["time_embedding"], from: timeProjection.width, to: configuration.embeddingWidth)
    classProjection = try .init(scope["class_embedding"], configuration, timeWidth: timeProjection.width)

    var pyramidChannels = configuration.inputChannels
    var down: [DownLevel] = []
    for (level, block) in configuration.downBlocks.enumerated() {
      down.append(
        try DownLevel(
          scope["down_blocks", level], configuration, block, level: level, from: channels[max(level - 1, 0)],
          to: channels[level], pyramid: pyramidChannels))
      if configuration.encoder == .residual { pyramidChannels = channels[level] }
    }
    self.down = down

    middle =
      configuration.hasMiddleBlock
      ? try .init(scope["mid_block"], configuration, channels: channels[channels.count - 1]) : nil

    let reversed = Array(channels.reversed())
    var up: [UpLevel] = []
    for (level, block) in configuration.upBlocks.enumerated() {
      up.append(
        try UpLevel(
          scope["up_blocks", level], configuration, block, level: channels.count - 1 - level,
          from: reversed[max(level - 1, 0)],
          to: reversed[level], finer: reversed[min(level + 1, channels.count - 1)]))
    }
    self.up = up

    outputNorm = try .init(
      scope["conv_norm_out"], channels: channels[0], groups: configuration.groups(of: channels[0]),
      epsilon: configuration.epsilon, .silu)
    output = try .init(scope["conv_out"], .square(from: channels[0], to: configuration.outputChannels))
    self.parameters = recorder.recorded
  }

  /// Evaluates the network once; see ``DenoisingNetwork/forward(_:timesteps:classLabels:tape:)``.
  public func forward(
    _ x: Tensor, timesteps: [Double], classLabels: [Double]? = nil, tape: Tape? = nil
  ) throws(NetworkError) -> FeatureMaps {
    try checkInput(shape: x.shape, timesteps: timesteps, classLabels: classLabels)
    let times = timesteps.count == 1 ? Array(repeating: timesteps[0], count: x.rows) : timesteps
    let time = embedding(times, classLabels: classLabels, on: x, tape)

    let (scale, shift) = configuration.centersInput ? (2.0, -1.0) : (1, 0)
    var pyramid = x.featureMaps(scale: scale, shift: shift, watchedBy: tape)
    var h = input(pyramid)
    var skips = [h]
    for level in down { h = level(h, time: time, skips: &skips, pyramid: &pyramid) }
    if let middle { h = middle(h, time: time) }
    var image: FeatureMaps?
    for level in up { h = level(h, time: time, skips: &skips, image: &image) }
    return output(outputNorm(h), residual: image)
  }

  /// By what each sample of the output is multiplied: the reciprocal of its noise level, or nil for nothing.
  public func outputFactors(_ times: [Double]) -> [Float]? {
    configuration.timeEmbedding == .fourier ? times.map { Float(1 / $0) } : nil
  }

  /// The embedding of time and class that all residual blocks read, activated once for all of them.
  private func embedding(_ times: [Double], classLabels: [Double]?, on x: Tensor, _ tape: Tape?) -> FeatureMaps {
    var classes: FeatureMaps?
    if let classProjection, let classLabels {
      let isOneForAll = classLabels.count == classProjection.valuesPerLabel
      let labels = isOneForAll ? (0..<times.count).flatMap { _ in classLabels } : classLabels
      classes = classProjection(labels, timeProjection: timeProjection, on: x.backend, tape)
    }
    // In 32 bits, as PyTorch multiplies.
    let scale = Float(configuration.timeScale), times = scale == 1 ? times : times.map { Double(Float($0) * scale) }
    var sinusoids = timeProjection(times, on: x.backend, tape)
    if configuration.classEmbedding == .projection, let projected = classes {
      sinusoids = sinusoids.adding(projected)
      classes = nil
    }
    return timeEmbedding(sinusoids, adding: classes).activated(configuration.activation)
  }
}
