public import Files
public import Tensors

/// The architecture of a ``Classifier``.
public struct ClassifierConfiguration: Sendable, Hashable {
  /// One question that the classifier answers.
  public struct Head: Sendable, Hashable {
    /// What is asked, such as `digit`.
    public var name: String
    /// Possible answers.
    public var classes: Int

    /// A question.
    public init(name: String, classes: Int) {
      self.name = name
      self.classes = classes
    }
  }

  /// Channels of an image.
  public var inputChannels = 1
  /// Rows and columns of an image.
  public var imageSize = ImageSize(height: 28, width: 28)
  /// Channels of each level, the finest first; each but the first halves the image.
  public var blockChannels = [32, 64, 128]
  /// Residual blocks of a level.
  public var layersPerBlock = 2
  /// Groups of the normalisations.
  public var groups = 8
  /// How much of a block's inner features is dropped in training.
  public var dropout = 0.0
  /// The questions.
  public var heads: [Head]

  /// The defaults: three levels of 32, 64 and 128 channels with two blocks each.
  public init(inputChannels: Int, imageSize: ImageSize, heads: [Head]) {
    self.inputChannels = inputChannels
    self.imageSize = imageSize
    self.heads = heads
  }

  /// Values that describe an image: channels of the last level.
  public var featureCount: Int { blockChannels.last ?? 0 }

  /// The places of each question's logits.
  public var logits: [Range<Int>] {
    var start = 0
    return heads.map { head in
      defer { start += head.classes }
      return start..<start + head.classes
    }
  }

  /// Logits of all questions.
  public var logitCount: Int { heads.reduce(0) { $0 + $1.classes } }

  /// The document that ``init(_:path:)`` reads.
  public var json: JSONValue {
    .object([
      "_class_name": .string("Classifier"), "in_channels": .number(Double(inputChannels)),
      "image_size": .array([.number(Double(imageSize.height)), .number(Double(imageSize.width))]),
      "block_out_channels": .array(blockChannels.map { .number(Double($0)) }),
      "layers_per_block": .number(Double(layersPerBlock)), "norm_num_groups": .number(Double(groups)),
      "dropout": .number(dropout),
      "heads": .array(
        heads.map { .object(["name": .string($0.name), "classes": .number(Double($0.classes))]) }),
    ])
  }

  /// Reads a configuration.
  ///
  /// - Throws: ``FileError`` naming a key that is missing or a value that is not legal.
  public init(_ json: JSONValue, path: String) throws(FileError) {
    guard json["_class_name"]?.string == "Classifier" else {
      throw FileError(path, "is no configuration of a classifier")
    }
    func count(_ value: JSONValue?, _ name: String, to largest: Int = 65_536) throws(FileError) -> Int {
      guard let number = value?.int, (1...largest).contains(number) else {
        throw FileError(path, "'\(name)' must be a whole number from 1 to \(largest)")
      }
      return number
    }
    inputChannels = try count(json["in_channels"], "in_channels")
    let size = json["image_size"]?.array ?? []
    guard size.count == 2 else { throw FileError(path, "'image_size' must be [height, width]") }
    imageSize = .init(height: try count(size[0], "image_size"), width: try count(size[1], "image_size"))
    var channels: [Int] = []
    for value in json["block_out_channels"]?.array ?? [] { channels.append(try count(value, "block_out_channels")) }
    guard !channels.isEmpty, channels.count <= 16 else {
      throw FileError(path, "'block_out_channels' must have 1 to 16 levels")
    }
    blockChannels = channels
    layersPerBlock = try count(json["layers_per_block"], "layers_per_block", to: 64)
    groups = try count(json["norm_num_groups"], "norm_num_groups")
    dropout = json["dropout"]?.double ?? 0
    var heads: [Head] = []
    for head in json["heads"]?.array ?? [] {
      heads.append(.init(name: head["name"]?.string ?? "", classes: try count(head["classes"], "classes")))
    }
    guard !heads.isEmpty else { throw FileError(path, "'heads' must name what is classified") }
    self.heads = heads
    if let fault = channels.first(where: { $0 % groups != 0 }) {
      throw FileError(path, "norm_num_groups: \(groups) groups do not divide \(fault) channels")
    }
  }
}
