import Compute

/// A way to convolve.
enum ConvolutionMethodKind: String {
  /// Products of matrices on units that multiply 16-bit elements.
  case tensorCores = "tensor cores"
  /// Winograd's minimal filtering F(4x4, 3x3).
  case winograd = "winograd 4x4"
  /// Tiles in local memory.
  case tiled = "direct, tiled"
  /// Tiles in registers.
  case direct
}

/// The outputs that a group, or a work-item of a processor, computes at a time: `TILE_PIXELS` and `TILE_CHANNELS` of convolution.cl,
/// or `PIXELS` and what its vectors hold.
package struct ConvolutionTile: Hashable, Sendable {
  let pixels: Int
  let channels: Int
}

/// A way to convolve, with the tile of the direct ones.
struct ConvolutionVariant: Hashable {
  let kind: ConvolutionMethodKind
  /// Another tile than the device's, or nil for that.
  var tile: ConvolutionTile?

  /// What tables call it.
  var name: String {
    kind.rawValue + (tile.map { " \($0.pixels)" + (kind == .tiled ? "x\($0.channels)" : "") } ?? "")
  }

  /// The variants that a device has, best first by its own choice.
  ///
  /// On matrix units Winograd's transforms cost more than the products that they save. Where its products have a kernel of
  /// their own they lie in memory as activations do, and half precision is not enough for them. Of equal methods the tile of the device
  /// comes first; the sums of an output do not depend on it.
  static func all(_ parameters: LaunchParameters, isExact: Bool) -> [Self] {
    let kinds: [ConvolutionMethodKind] =
      switch parameters.tier {
      case .cpu: isExact ? [.direct] : [.winograd, .direct]
      case .gpu where isExact: [.tiled]
      case .gpu where parameters.storage == .float32: [.winograd, .tiled]
      case .gpu: parameters.matrixUnits == .none ? [.tiled] : [.tensorCores, .tiled]
      }
    return kinds.map { .init(kind: $0) } + parameters.tiles.map { .init(kind: kinds[kinds.count - 1], tile: $0) }
  }

  /// Whether the variant computes a layer.
  func supports(_ shape: ConvolutionShape, _ output: FeatureMapShape) -> Bool {
    kind == .winograd ? shape.suitsWinograd(output: output) : true
  }
}
