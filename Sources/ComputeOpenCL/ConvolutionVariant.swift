import Compute

/// A way to convolve.
enum ConvolutionVariant: String {
  /// Products of matrices on units that multiply 16-bit elements.
  case tensorCores = "tensor cores"
  /// Winograd's minimal filtering F(4x4, 3x3).
  case winograd = "winograd 4x4"
  /// Tiles in local memory.
  case tiled = "direct, tiled"
  /// Tiles in registers.
  case direct

  /// The variants of a device, best first; the last one supports every layer.
  ///
  /// On matrix units Winograd's transforms cost more than the products that they save. Where its products have a kernel of
  /// their own they lie in memory as activations do, and half precision is not enough for them.
  static func preferred(_ parameters: LaunchParameters, isExact: Bool) -> [Self] {
    switch parameters.tier {
    case .cpu: isExact ? [.direct] : [.winograd, .direct]
    case .gpu where isExact: [.tiled]
    case .gpu where parameters.storage == .float32: [.winograd, .tiled]
    case .gpu: parameters.matrixUnits == .none ? [.tiled] : [.tensorCores, .tiled]
    }
  }

  /// Whether the variant computes a layer.
  func supports(_ shape: ConvolutionShape, _ output: FeatureMapShape) -> Bool {
    self == .winograd ? shape.suitsWinograd(output: output) : true
  }
}
