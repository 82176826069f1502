import Compute
import Tensors

/// Two convolutions with a skip connection around them, conditioned on the time.
///
/// ```
/// h   = convolution1(f(norm1(x)))                     h and x resampled first if the block changes the size
/// h   = f(norm2(h + time))      or      f(norm2(h) (1 + scale) + shift)          in training some of h is dropped
/// out = (shortcut(x) + convolution2(h)) / scaleFactor                        x resampled first as well
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
  let filter: UNetConfiguration.ResizingFilter
  let timeConditioning: UNetConfiguration.TimeConditioning
  let scale: Double
  let dropout: Double
  let firstNorm: Normalization
  let firstConvolution: Convolution
  let timeProjection: Convolution
  let secondNorm: Normalization
  let secondConvolution: Convolution
  let shortcut: Convolution?

  /// - Parameters:
  ///   - resizing: The change of size.
  ///   - inputGroups: Groups of the first normalisation, or nil for as many as others of its channels have.
  ///   - scaleFactor: The divisor of the sum, or nil for that of the levels.
  init(
    _ scope: ParameterScope, _ configuration: UNetConfiguration, from inputs: Int, to outputs: Int,
    resizing: Resizing = .none, inputGroups: Int? = nil, scaleFactor: Double? = nil
  ) throws(NetworkError) {
    func norm(_ name: String, _ channels: Int, _ groups: Int? = nil) throws(NetworkError) -> Normalization {
      try .init(
        scope[name], channels: channels, groups: groups ?? configuration.groups(of: channels),
        epsilon: configuration.epsilon, configuration.activation)
    }
    self.resizing = resizing
    filter = configuration.resizingFilter
    timeConditioning = configuration.timeConditioning
    scale = 1 / (scaleFactor ?? configuration.levelScaleFactor)
    dropout = configuration.dropout
    firstNorm = try norm("norm1", inputs, inputGroups)
    firstConvolution = try .init(
      scope["conv1"], .square(from: inputs, to: outputs, upsamplesInput: resizing == .doubling && filter == .box))
    timeProjection = try .init(
      linear: scope["time_emb_proj"], from: configuration.embeddingWidth,
      to: timeConditioning == .offset ? outputs : 2 * outputs)
    secondNorm = try norm("norm2", outputs)
    secondConvolution = try .init(scope["conv2"], .square(from: outputs, to: outputs))
    shortcut =
      inputs != outputs || resizing != .none && configuration.projectsWhenResizing
      ? try .init(
        scope["conv_shortcut"], ConvolutionShape(inputChannels: inputs, outputChannels: outputs, kernel: 1))
      : nil
  }

  /// - Parameters:
  ///   - x: Feature maps, joined or not.
  ///   - time: The activated embedding of the time, `[batch, width, 1, 1]`.
  func callAsFunction(_ x: FeatureMaps, time: FeatureMaps) -> FeatureMaps {
    x.through(evaluate, with: time)
  }

  private func evaluate(_ x: FeatureMaps, time: FeatureMaps) -> FeatureMaps {
    let condition = timeProjection(time), normalized = firstNorm(x)
    // The convolution itself repeats pixels where nothing else is done to them.
    let resized = firstConvolution.shape.upsamplesInput ? normalized : self.resized(normalized)
    let hidden =
      switch timeConditioning {
      case .offset: secondNorm(firstConvolution(resized, adding: condition))
      case .scaleShift: secondNorm(firstConvolution(resized), scaleShift: condition)
      }
    let kept = self.resized(x)
    return secondConvolution(hidden.dropped(dropout), residual: shortcut?(kept) ?? kept, scale: scale)
  }

  private func resized(_ x: FeatureMaps) -> FeatureMaps {
    switch resizing {
    case .none: x
    case .halving: x.halved(by: filter)
    case .doubling: x.doubled(by: filter)
    }
  }
}
