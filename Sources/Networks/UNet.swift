public import Compute
public import Tensors

/// The U-Net of diffusion models on pixels: diffusers' `UNet2DModel`, with every block type that needs no FIR filter.
///
/// The architecture of Ho, Jain and Abbeel (2020, appendix B) and of Dhariwal and Nichol (2021, section 3). Images go down a stack of levels that halve their size, through a middle block, and up again; each layer on the way
/// up also reads what the layer of its size on the way down kept.
public struct UNet {
  /// The architecture.
  public let configuration: UNetConfiguration
  /// The parameters as files hold them, in PyTorch's order.
  public let parameters: [NamedParameter]

  let input: Convolution
  let timeFeatures: TimeFeatures
  let timeEmbedding: EmbeddingLayers
  let classFeatures: ClassFeatures?
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
    timeFeatures = try .init(scope["time_proj"], configuration)
    timeEmbedding = try .init(
      scope["time_embedding"], from: timeFeatures.width, to: configuration.embeddingWidth)
    classFeatures = try .init(scope["class_embedding"], configuration, timeWidth: timeFeatures.width)

    var down: [DownLevel] = []
    for (level, block) in configuration.downBlocks.enumerated() {
      down.append(
        try DownLevel(
          scope["down_blocks", level], configuration, block, from: channels[max(level - 1, 0)], to: channels[level],
          isLast: level == channels.count - 1))
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
          scope["up_blocks", level], configuration, block, from: reversed[max(level - 1, 0)], to: reversed[level],
          finer: reversed[min(level + 1, channels.count - 1)], isLast: level == channels.count - 1))
    }
    self.up = up

    outputNorm = try .init(
      scope["conv_norm_out"], channels: channels[0], groups: configuration.normalizationGroups,
      epsilon: configuration.epsilon, .silu)
    output = try .init(scope["conv_out"], .square(from: channels[0], to: configuration.outputChannels))
    self.parameters = recorder.recorded
  }

  /// Values of all parameters.
  public var parameterCount: Int { parameters.reduce(0) { $0 + $1.parameter.count } }

  /// Evaluates the network once.
  ///
  /// - Parameters:
  ///   - x: `[batch, channels, height, width]`.
  ///   - timesteps: The time of each sample, or one for all.
  ///   - classLabels: The label of each sample, or one for all; where the labels are vectors, their values row by row.
  /// - Returns: `[batch, outputChannels, height, width]`.
  /// - Throws: ``NetworkError`` if the input does not fit the network; see ``checkInput(shape:timesteps:classLabels:)``.
  public func callAsFunction(
    _ x: Tensor, timesteps: [Double], classLabels: [Double]? = nil
  ) throws(NetworkError) -> Tensor {
    let times = timesteps.count == 1 ? Array(repeating: timesteps[0], count: x.rows) : timesteps
    let result = try features(of: x, timesteps: timesteps, classLabels: classLabels).tensor()
    return outputFactors(times).map { result.scaledRows(by: $0) } ?? result
  }

  /// Evaluates the network once, for training.
  ///
  /// - Parameters:
  ///   - x: As for ``callAsFunction(_:timesteps:classLabels:)``.
  ///   - timesteps: As there.
  ///   - classLabels: As there.
  ///   - tape: What records the evaluation.
  /// - Returns: `[batch, outputChannels, height, width]`, before ``outputFactors(_:)``.
  public func features(
    of x: Tensor, timesteps: [Double], classLabels: [Double]? = nil, watchedBy tape: Tape? = nil
  ) throws(NetworkError) -> Features {
    try checkInput(shape: x.shape, timesteps: timesteps, classLabels: classLabels)
    let times = timesteps.count == 1 ? Array(repeating: timesteps[0], count: x.rows) : timesteps
    let time = embedding(times, classLabels: classLabels, on: x, tape)

    let (scale, shift) = configuration.centersInput ? (2.0, -1.0) : (1, 0)
    var h = input(x.features(scale: scale, shift: shift, watchedBy: tape))
    var skips = [h]
    for level in down { h = level(h, time: time, skips: &skips) }
    if let middle { h = middle(h, time: time) }
    for level in up { h = level(h, time: time, skips: &skips) }
    return output(outputNorm(h))
  }

  /// By what each sample of the output is multiplied: the reciprocal of its noise level, or nil for nothing.
  public func outputFactors(_ times: [Double]) -> [Float]? {
    configuration.timeEmbedding == .fourier ? times.map { Float(1 / $0) } : nil
  }

  /// The embedding of time and class that all residual blocks read, activated once for all of them.
  private func embedding(_ times: [Double], classLabels: [Double]?, on x: Tensor, _ tape: Tape?) -> Features {
    var classes: Features?
    if let classFeatures, let classLabels {
      let isOneForAll = classLabels.count == classFeatures.valuesPerLabel
      let labels = isOneForAll ? (0..<times.count).flatMap { _ in classLabels } : classLabels
      classes = classFeatures(labels, timeFeatures: timeFeatures, on: x.backend, tape)
    }
    return timeEmbedding(timeFeatures(times, on: x.backend, tape), adding: classes).activated(configuration.activation)
  }
}
