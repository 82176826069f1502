public import Tensors

extension UNetConfiguration {
  /// A small network for images of a size: three levels with attention at the coarsest, 1.1 million parameters for 28x28, 1.9
  /// million for larger or coloured ones.
  ///
  /// - Parameters:
  ///   - channels: Channels of an image.
  ///   - size: Rows and columns, multiples of four.
  ///   - classes: Classes, for each of which and for none there is an embedding; nil for a network without.
  public static func small(channels: Int, size: ImageSize, classes: Int? = nil) -> UNetConfiguration {
    var result = UNetConfiguration()
    result.sampleSize = size
    (result.inputChannels, result.outputChannels) = (channels, channels)
    result.blockChannels = channels == 1 && size.height < 32 ? [32, 64, 64] : [32, 64, 96]
    result.downBlocks = [.plain, .plain, .attention]
    result.upBlocks = [.attention, .plain, .plain]
    result.layersPerBlock = 1
    result.headWidth = nil
    result.putsCosinesFirst = false
    result.frequencyShift = 1
    result.epsilon = 1e-6
    result.classCount = classes.map { $0 + 1 }
    if classes != nil { result.classEmbedding = .table }
    return result
  }
}
