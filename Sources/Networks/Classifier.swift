import Compute
public import Tensors

/// A small residual network that embeds an image and classifies it by one or several heads.
///
/// ```
/// h        = convolution(x), then for each level: blocks, the first of a coarser level with stride two
/// block(h) = shortcut(h) + convolution2(f(norm2(convolution1(f(norm1(h))))))            f = SiLU
/// embedding = mean over pixels of f(norm(h)),   logits = linear(embedding), the heads' classes one after the other
/// ```
///
/// He and others (2016), with the order of their identity mappings and group normalisation (Wu and He 2018), so that an image's
/// result does not depend on its batch.
public struct Classifier {
  /// The architecture.
  public let configuration: ClassifierConfiguration
  /// The parameters as files hold them.
  public let parameters: [NamedParameter]

  private let input: Convolution
  private let blocks: [Block]
  private let norm: Normalization
  private let output: Convolution

  private struct Block {
    let firstNorm: Normalization
    let firstConvolution: Convolution
    let secondNorm: Normalization
    let secondConvolution: Convolution
    let shortcut: Convolution?
    let dropout: Double

    init(
      _ scope: ParameterScope, _ configuration: ClassifierConfiguration, from inputs: Int, to outputs: Int, stride: Int
    ) throws(NetworkError) {
      func norm(_ name: String, _ channels: Int) throws(NetworkError) -> Normalization {
        try .init(scope[name], channels: channels, groups: configuration.groups, epsilon: 1e-5, .silu)
      }
      firstNorm = try norm("norm1", inputs)
      firstConvolution = try .init(
        scope["conv1"],
        ConvolutionShape(inputChannels: inputs, outputChannels: outputs, kernel: 3, stride: stride, padding: .all(1)))
      secondNorm = try norm("norm2", outputs)
      secondConvolution = try .init(scope["conv2"], .square(from: outputs, to: outputs))
      shortcut =
        inputs == outputs && stride == 1
        ? nil
        : try .init(
          scope["conv_shortcut"],
          ConvolutionShape(inputChannels: inputs, outputChannels: outputs, kernel: 1, stride: stride))
      dropout = configuration.dropout
    }

    func callAsFunction(_ x: FeatureMaps) -> FeatureMaps {
      let hidden = secondNorm(firstConvolution(firstNorm(x))).dropped(dropout)
      return secondConvolution(hidden, residual: shortcut?(x) ?? x)
    }
  }

  /// A classifier with the parameters of a source.
  public init(_ configuration: ClassifierConfiguration, parameters: any ParameterSource) throws(NetworkError) {
    let recorder = ParameterRecorder(parameters)
    let scope = ParameterScope(recorder)
    let channels = configuration.blockChannels
    self.configuration = configuration
    input = try .init(scope["conv_in"], .square(from: configuration.inputChannels, to: channels[0]))
    var blocks: [Block] = []
    for (level, outputs) in channels.enumerated() {
      for index in 0..<configuration.layersPerBlock {
        let inputs = index == 0 ? channels[max(level - 1, 0)] : outputs
        blocks.append(
          try Block(
            scope["levels", level]["blocks", index], configuration, from: inputs, to: outputs,
            stride: index == 0 && level > 0 ? 2 : 1))
      }
    }
    self.blocks = blocks
    norm = try .init(
      scope["norm_out"], channels: configuration.featureCount, groups: configuration.groups, epsilon: 1e-5, .silu)
    output = try .init(
      linear: scope["head"], from: configuration.featureCount,
      to: configuration.logitCount)
    self.parameters = recorder.recorded
  }

  /// The embedding of an image, and the logits of all heads.
  ///
  /// - Parameters:
  ///   - x: `[batch, channels, height, width]`, values in [-1, 1].
  ///   - tape: What records the evaluation, or nil.
  /// - Returns: `[batch, featureCount, 1, 1]` and `[batch, classes of all heads, 1, 1]`.
  public func forward(_ x: Tensor, tape: Tape? = nil) -> (embedding: FeatureMaps, logits: FeatureMaps) {
    var h = input(x.featureMaps(watchedBy: tape))
    for block in blocks { h = block(h) }
    let embedding = norm(h).pooled()
    return (embedding, output(embedding))
  }
}
