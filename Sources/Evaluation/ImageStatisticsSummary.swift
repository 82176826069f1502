public import Files
public import Tensors

/// What the header of a file of statistics says, without a look at its values.
public struct ImageStatisticsSummary: Sendable, Hashable {
  /// The images' extents.
  public let shape: ImageShape
  /// Images that were seen.
  public let count: Int
  /// Directions in the basis.
  public let rank: Int
  /// Images of each class, by label, where the file has the statistics of classes; empty elsewhere.
  public let classCounts: [Int]
  /// What made the images, for a set that a model has drawn.
  public let origin: ImageOrigin?

  /// What a file of these statistics would say.
  public init(_ statistics: ImageStatistics, classes: ClassStatistics? = nil, origin: ImageOrigin? = nil) {
    (shape, count, rank) = (statistics.shape, statistics.count, statistics.rank)
    classCounts = classes?.counts ?? []
    self.origin = origin
  }

  /// Reads the header of a file.
  ///
  /// - Throws: `FileError` if it is no file of statistics.
  public init(_ file: SafetensorsFile) throws(FileError) {
    let path = file.file.path
    let extents = ["channels", "height", "width"].compactMap { file.metadata[$0].flatMap(Int.init) }
    guard extents.count == 3, extents.allSatisfy({ (1...65_536).contains($0) }),
      let count = Int(file.metadata["count"] ?? ""), (2...1 << 53).contains(count)
    else { throw FileError(path, "is no file of statistics; `diffuse-gpu statistics` makes one") }
    shape = ImageShape(channels: extents[0], height: extents[1], width: extents[2])
    self.count = count
    rank = try ImageStatistics.rank(of: file, prefix: "", shape)
    let words = file.metadata["class_counts"]?.split(separator: " ") ?? []
    classCounts = words.compactMap { Int($0) }.filter { (2...1 << 53).contains($0) }
    guard classCounts.count == words.count, words.count <= ClassStatistics.largestCount else {
      throw FileError(
        path, "'class_counts' must be at most \(ClassStatistics.largestCount) numbers of two images or more")
    }
    origin = file.metadata["origin"].map { ImageOrigin(text: $0, record: file.metadata["origin_record"] ?? "") }
  }
}

/// What made a set of images that is no data: a model's samples, for instance.
public struct ImageOrigin: Sendable, Hashable {
  /// One line for people.
  public let text: String
  /// Everything that makes the images again, as a JSON document.
  public let record: String

  /// An origin.
  public init(text: String, record: String) {
    (self.text, self.record) = (text, record)
  }
}
