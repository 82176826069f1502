public import Tensors

/// The architecture of a ``Classifier``.
public struct ClassifierConfiguration: Sendable, Hashable {
  /// One classification that the network makes.
  public struct Head: Sendable, Hashable {
    /// What is classified, such as `digit`.
    public var name: String
    /// Classes in all.
    public var classes: Int

    /// A head.
    public init(name: String, classes: Int) {
      self.name = name
      self.classes = classes
    }
  }

  /// Channels of an image.
  public var inputChannels = 1
  /// Rows and columns of an image.
  public var imageSize = ImageSize(height: 28, width: 28)
  /// Channels of each level, the finest first; each but the first downsamples the image.
  public var blockChannels = [32, 64, 128]
  /// Residual blocks of a level.
  public var layersPerBlock = 2
  /// Groups of the normalisations.
  public var groups = 8
  /// Dropout inside of residual blocks in training.
  public var dropout = 0.0
  /// The heads.
  public var heads: [Head]

  /// The defaults: three levels of 32, 64 and 128 channels with two blocks each.
  public init(inputChannels: Int, imageSize: ImageSize, heads: [Head]) {
    self.inputChannels = inputChannels
    self.imageSize = imageSize
    self.heads = heads
  }

  /// Values that describe an image: channels of the last level.
  public var featureCount: Int { blockChannels.last ?? 0 }

  /// The places of each head's logits.
  public var logits: [Range<Int>] {
    var start = 0
    return heads.map { head in
      defer { start += head.classes }
      return start..<start + head.classes
    }
  }

  /// Logits of all heads.
  public var logitCount: Int { heads.reduce(0) { $0 + $1.classes } }
}
