import Compute
import Tensors

/// What the encoder adds to a level that has been halved: the image, halved as often, or what the level before it began with.
///
/// ```
/// skip:      p = halve(p);   out = x + convolution(p)                                          1x1
/// residual:  p = out = (x + halve(convolution(p))) / scaleFactor                               3x3
/// ```
///
/// `input_skip` and `residual` of Song and others (2021, appendix H). The residual one is a convolution with stride two of the filtered image in
/// their code; here the convolution comes before the mean of 2x2 pixels, which is the same linear map.
struct EncoderPyramid {
  let convolution: Convolution
  let isResidual: Bool
  let filter: UNetConfiguration.ResizingFilter
  let scale: Double

  /// Nil where the encoder has none.
  init?(_ scope: ParameterScope, _ configuration: UNetConfiguration, from inputs: Int, to outputs: Int)
    throws(NetworkError)
  {
    filter = configuration.resizingFilter
    scale = 1 / configuration.levelScaleFactor
    isResidual = configuration.encoder == .residual
    switch configuration.encoder {
    case .standard:
      return nil
    case .skip:
      convolution = try .init(
        scope["skip_conv"], ConvolutionShape(inputChannels: inputs, outputChannels: outputs, kernel: 1))
    case .residual:
      // A blur of the whole image and its surroundings leaves the convolution nothing to pad.
      convolution = try .init(
        scope["residual_conv"],
        ConvolutionShape(
          inputChannels: inputs, outputChannels: outputs, kernel: 3, padding: .all(filter == .box ? 1 : 0)))
    }
  }

  /// - Parameters:
  ///   - x: The level, halved.
  ///   - image: The pyramid, of the size before; then of the level's.
  func callAsFunction(_ x: FeatureMaps, image: inout FeatureMaps) -> FeatureMaps {
    guard isResidual else {
      image = image.halved(by: filter)
      return convolution(image, residual: x)
    }
    let whole = filter == .box ? image : image.blurred(growing: true)
    image = convolution(whole).downsampled().adding(x, scale: scale)
    return image
  }
}

/// The images that levels on the way up write, each added to that of the coarser levels, doubled.
///
/// ```
/// p = double(p) + convolution(silu(norm(x)))
/// ```
///
/// `output_skip` of Song and others (2021, appendix H). The finest level only doubles; the last layers of the network add its own.
struct DecoderPyramid {
  let filter: UNetConfiguration.ResizingFilter
  let norm: Normalization?
  let convolution: Convolution?

  /// Nil where the decoder has none.
  init?(_ scope: ParameterScope, _ configuration: UNetConfiguration, channels: Int, isFinest: Bool)
    throws(NetworkError)
  {
    guard configuration.decoder == .skip else { return nil }
    filter = configuration.resizingFilter
    convolution =
      isFinest ? nil : try .init(scope["skip_conv"], .square(from: channels, to: configuration.outputChannels))
    norm =
      isFinest
      ? nil
      : try .init(
        scope["skip_norm"], channels: channels, groups: configuration.groups(of: channels),
        epsilon: configuration.epsilon, .silu)
  }

  /// The image of this level.
  ///
  /// - Parameters:
  ///   - x: The level's feature maps.
  ///   - image: That of the next coarser level, or nil at the coarsest.
  func callAsFunction(_ x: FeatureMaps, image: FeatureMaps?) -> FeatureMaps? {
    let doubled = image?.doubled(by: filter)
    guard let norm, let convolution else { return doubled }
    return convolution(norm(x), residual: doubled)
  }
}
