/// What happens to the result of a convolution before it is stored, so that none of it costs a pass over memory.
///
/// ```
/// out = scale * (convolution + bias[o] + channelOffset[b, o] + residual[b, o, y, x])
/// ```
public struct ConvolutionEpilogue {
  /// One addend an output channel.
  public var bias: Parameter?
  /// One addend a sample and output channel, `[batch, outputChannels, 1, 1]`: the time embedding's part.
  public var channelOffset: FeatureMap?
  /// Added to the result, whose shape it has; may be the destination.
  public var residual: FeatureMap?
  /// Applied last.
  public var scale: Float

  /// An epilogue; by default the result is stored as it is.
  public init(
    bias: Parameter? = nil, channelOffset: FeatureMap? = nil, residual: FeatureMap? = nil, scale: Float = 1
  ) {
    self.bias = bias
    self.channelOffset = channelOffset
    self.residual = residual
    self.scale = scale
  }
}

/// How a device does a convolution.
public struct ConvolutionMethod: Sendable, Hashable {
  /// The method's name, such as `winograd 4x4`.
  public let name: String
  /// Bytes of the form in which the device keeps the filter.
  public let filterBytes: Int

  /// A method.
  public init(name: String, filterBytes: Int) {
    self.name = name
    self.filterBytes = filterBytes
  }
}

/// Convolutions, and with a 1x1 filter all products of activations with weights.
public protocol ConvolutionOperations: AnyObject {
  /// Convolves an operand with a filter `[outputChannels, inputChannels, kernel, kernelWidth]`; see ``ConvolutionShape`` for
  /// the formula and ``ConvolutionEpilogue`` for what is added.
  ///
  /// The filter may be one of a convolution whose input's gradient is taken, see ``Filter``.
  /// A linear layer is a 1x1 convolution, on `[batch, channels, 1, 1]` for embeddings. The destination is not an operand.
  /// Scratch memory does not grow with the image: at most 2 MB a thread, on graphics processors 64 MB.
  func convolve(
    _ operand: Operand, _ filter: Filter, _ shape: ConvolutionShape, _ epilogue: ConvolutionEpilogue,
    into destination: FeatureMap)

  /// The gradient of a convolution with respect to its filter.
  ///
  /// ```
  /// out[o, i, r, s] = sum over b, y, x of g[b, o, y, x] * in'[b, i, stride * y + r - top, stride * x + s - left]
  /// ```
  ///
  /// `in'` is that of ``ConvolutionShape``. The gradient with respect to the input is a convolution itself, see
  /// ``ConvolutionShape/inputGradient(for:)``. The order of the sum depends on the shapes only.
  ///
  /// - Parameters:
  ///   - operand: What the convolution read.
  ///   - shape: The convolution.
  ///   - gradient: `g`, the gradient of its result before epilogue and scale.
  ///   - destination: `[outputChannels, inputChannels, kernel, kernelWidth]`, overwritten.
  func convolveFilterGradient(
    _ operand: Operand, _ shape: ConvolutionShape, _ gradient: FeatureMap, into destination: Buffer)

  /// What this device does for a layer with a result of this shape: a matter of the layer, never of the batch.
  func method(of shape: ConvolutionShape, output: FeatureMapShape) -> ConvolutionMethod
}
