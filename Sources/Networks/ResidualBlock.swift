import Compute
import Tensors

/// Two convolutions with a skip connection around them, conditioned on the time.
///
/// ```
/// h   = convolution1(f(norm1(x)))                     h and x resampled first if the block changes the size
/// h   = f(norm2(h + time))      or      f(norm2(h) (1 + scale) + shift)          in training some of h is dropped
/// out = (shortcut(x) + convolution2(h)) / scaleFactor
/// ```
///
/// He and others (2016); the time's offset is that of Ho, Jain and Abbeel (2020, appendix B), its scale and shift those of
/// Dhariwal and Nichol (2021, section 3).
struct ResidualBlock {
  /// The resampling of the block.
  enum Resizing {
    case none
    case halving
    case doubling
  }

  let resizing: Resizing
  let timeConditioning: UNetConfiguration.TimeConditioning
  let scale: Double
  let dropout: Double
  let firstNorm: Normalization
  let firstConvolution: Convolution
  let timeProjection: Convolution
  let secondNorm: Normalization
  let secondConvolution: Convolution
  let shortcut: Convolution?

  init(
    _ scope: ParameterScope, _ configuration: UNetConfiguration, from inputs: Int, to outputs: Int,
    resizing: Resizing = .none, scaleFactor: Double = 1
  ) throws(NetworkError) {
    func norm(_ name: String, _ channels: Int) throws(NetworkError) -> Normalization {
      try .init(
        scope[name], channels: channels, groups: configuration.normalizationGroups, epsilon: configuration.epsilon,
        configuration.activation)
    }
    self.resizing = resizing
    timeConditioning = configuration.timeConditioning
    scale = 1 / scaleFactor
    dropout = configuration.dropout
    firstNorm = try norm("norm1", inputs)
    firstConvolution = try .init(
      scope["conv1"], .square(from: inputs, to: outputs, upsamplesInput: resizing == .doubling))
    timeProjection = try .init(
      linear: scope["time_emb_proj"], from: configuration.embeddingWidth,
      to: timeConditioning == .offset ? outputs : 2 * outputs)
    secondNorm = try norm("norm2", outputs)
    secondConvolution = try .init(scope["conv2"], .square(from: outputs, to: outputs))
    shortcut =
      inputs == outputs
      ? nil
      : try .init(
        scope["conv_shortcut"], ConvolutionShape(inputChannels: inputs, outputChannels: outputs, kernel: 1))
  }

  /// - Parameters:
  ///   - x: Feature maps, joined or not.
  ///   - time: The activated embedding of the time, `[batch, width, 1, 1]`.
  func callAsFunction(_ x: FeatureMaps, time: FeatureMaps) -> FeatureMaps {
    x.through(evaluate, with: time)
  }

  private func evaluate(_ x: FeatureMaps, time: FeatureMaps) -> FeatureMaps {
    let normalized = resizing == .halving ? firstNorm(x).downsampled() : firstNorm(x)
    let condition = timeProjection(time)
    let hidden =
      switch timeConditioning {
      case .offset: secondNorm(firstConvolution(normalized, adding: condition))
      case .scaleShift: secondNorm(firstConvolution(normalized), scaleShift: condition)
      }
    return secondConvolution(hidden.dropped(dropout), residual: shortcut?(x) ?? resized(x), scale: scale)
  }

  private func resized(_ x: FeatureMaps) -> FeatureMaps {
    switch resizing {
    case .none: x
    case .halving: x.downsampled()
    case .doubling: x.upsampled()
    }
  }
}
