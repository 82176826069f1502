/// A convolution in a network for images of one size, whatever the batch: that for which a variant of kernels is chosen.
public struct ConvolutionLayer: Sendable, Hashable {
  /// The convolution.
  public let shape: ConvolutionShape
  /// Rows and columns of the result.
  public let height: Int, width: Int

  /// The layer of a convolution with a result of some shape.
  public init(_ shape: ConvolutionShape, output: FeatureMapShape) {
    self.shape = shape
    (height, width) = (output.height, output.width)
  }

  /// The shape of the result for a batch.
  public func output(batch: Int) -> FeatureMapShape {
    .init(batch: batch, channels: shape.outputChannels, height: height, width: width)
  }
}

extension ConvolutionLayer: CustomStringConvertible {
  /// What tables of choices call the layer, such as `3x3 64 -> 128, 32x32`: all that it is.
  public var description: String {
    let padding = shape.padding, sides = [padding.top, padding.bottom, padding.left, padding.right]
    let isEven = Set(sides).count == 1
    return "\(shape.kernel)x\(shape.kernelWidth)" + (shape.stride == 1 ? "" : "/\(shape.stride)")
      + " \(shape.inputChannels) -> \(shape.outputChannels), \(height)x\(width)"
      + (shape.upsamplesInput ? ", doubled" : "")
      + (sides == [0, 0, 0, 0]
        ? "" : ", padded \(isEven ? "\(padding.top)" : sides.map(String.init).joined(separator: " "))")
  }
}

/// The variants that a device takes for layers, by the layers' descriptions: found by measuring, in place of its own choice.
public struct ConvolutionTuning: Sendable, Hashable {
  /// The name of a variant for each layer.
  public var variants: [String: String]

  /// Choices, or none.
  public init(_ variants: [String: String] = [:]) {
    self.variants = variants
  }

  /// The variant of a layer.
  public subscript(_ layer: ConvolutionLayer) -> String? {
    get { variants[layer.description] }
    set { variants[layer.description] = newValue }
  }
}

/// A backend that has several variants of kernels for a convolution.
///
/// Variants round differently, so that a device that was tuned gives other last bits than one that was not. Which one a layer takes
/// still never depends on the batch.
public protocol TunableConvolutions: Backend {
  /// The choices that are made; a variant that a layer does not have here counts as none.
  var tuning: ConvolutionTuning { get set }

  /// The variants that compute a layer, that of the device's own choice first.
  func variants(of layer: ConvolutionLayer) -> [String]

  /// Everything besides the layer that a choice depends on: the device, its driver, how feature maps are stored.
  var tuningKey: [String] { get }
}
