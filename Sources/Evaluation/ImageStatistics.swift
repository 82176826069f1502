public import Datasets
public import Files
public import HostMath
public import Tensors

/// Mean and covariance of the images of a data set, as they lie in a model directory.
///
/// The file is a safetensors file: `mean [D]`, `basis [rank, D]`, `eigenvalues [rank]`, `remainder [1]`, and in its metadata
/// the images' extents and their count. Values are those of models' images, [-1, 1]. Mean and basis are kept in the 32 bits
/// of the file and of devices; ``moments`` widens them for distances. Those of each class may follow, see ``ClassStatistics``.
public struct ImageStatistics: Sendable {
  /// The images' extents.
  public let shape: ImageShape
  /// Images that were seen.
  public let count: Int
  /// The mean, `[D]`.
  public let mean: [Float]
  /// Orthonormal directions of the covariance, one a row, those of most variance first: `[rank, D]`.
  public let basis: [Float]
  /// The variance along each direction, descending, none negative.
  public let eigenvalues: [Double]
  /// The variance along every other direction, not negative.
  public let remainder: Double

  /// Statistics with the moments of images.
  public init(shape: ImageShape, moments: Moments) {
    precondition(shape.count == moments.dimension, "moments of \(moments.dimension) values for images of \(shape)")
    self.shape = shape
    count = moments.count
    mean = moments.mean.map { Float($0) }
    basis = moments.basis.map { Float($0) }
    eigenvalues = moments.eigenvalues
    remainder = moments.remainder
  }

  /// Directions in the basis.
  public var rank: Int { eigenvalues.count }

  /// The whole variance: the covariance's trace.
  public var totalVariance: Double { eigenvalues.reduce(0, +) + remainder * Double(mean.count - rank) }

  /// The moments in double precision: eight bytes for each value of the basis.
  public var moments: Moments {
    Moments(
      count: count, mean: mean.map(Double.init), basis: basis.map(Double.init), eigenvalues: eigenvalues,
      remainder: remainder)
  }
}

extension ImageStatistics {
  /// Makes the statistics of a data set in one pass.
  ///
  /// - Parameters:
  ///   - source: The images; at least two.
  ///   - rank: Directions to keep, or nil for all (512 above 4,096 values an image); never more than the images.
  ///   - progress: Called with the images done.
  /// - Throws: `FileError` if there are fewer than two images or values that are not finite, or an error of reading.
  public init(
    of source: any ImageSource, rank: Int? = nil, progress: (Int) -> Void = { _ in }
  ) throws(FileError) {
    var collector = ImageStatisticsCollector(shape: source.shape, rank: rank, count: source.count)
    try collector.add(source, progress: progress)
    self = collector.statistics()
  }

  /// Reads a file of statistics.
  ///
  /// - Throws: `FileError` if it is none, or its tensors do not fit the images that it names.
  public init(_ file: SafetensorsFile) throws(FileError) {
    let summary = try ImageStatisticsSummary(file)
    try self.init(file, prefix: "", shape: summary.shape, count: summary.count)
  }

  /// Reads the tensors whose names begin with a prefix.
  init(_ file: SafetensorsFile, prefix: String, shape: ImageShape, count: Int) throws(FileError) {
    self.shape = shape
    self.count = count
    let size = shape.count, rank = try Self.rank(of: file, prefix: prefix, shape)
    mean = try Self.values(prefix + "mean", of: file, within: Self.largestMean) { $0 == [size] }
    eigenvalues = try Self.values(prefix + "eigenvalues", of: file, within: Self.largestVariance) { $0 == [rank] }
      .map { max(0, Double($0)) }
    // Rows of unit length, up to the rounding of half precision.
    basis = try Self.values(prefix + "basis", of: file, within: 1.01) { $0 == [rank, size] }
    remainder = max(
      0, Double(try Self.values(prefix + "remainder", of: file, within: Self.largestVariance) { $0 == [1] }[0]))
  }

  /// Directions in the basis of some tensors.
  static func rank(of file: SafetensorsFile, prefix: String, _ shape: ImageShape) throws(FileError) -> Int {
    guard let extents = file.entries[prefix + "eigenvalues"]?.shape, extents.count == 1, extents[0] <= shape.count
    else {
      throw FileError(
        file.file.path, "tensor '\(prefix)eigenvalues' of the statistics is missing or does not fit the image")
    }
    return extents[0]
  }

  /// Means and variances of images are around one; these are far from what would pass 64 bits in a distance.
  private static let (largestMean, largestVariance) = (Float(1e6), Float(1e12))

  private static func values(
    _ name: String, of file: SafetensorsFile, within limit: Float, fits: ([Int]) -> Bool
  ) throws(FileError) -> [Float] {
    guard let entry = file.entries[name], entry.type.isFloatingPoint, fits(entry.shape) else {
      throw FileError(file.file.path, "tensor '\(name)' of the statistics is missing or does not fit the image")
    }
    let values = file.floats(entry)
    guard values.allSatisfy({ abs($0) <= limit }) else {
      throw FileError(file.file.path, "tensor '\(name)' holds values that are not within -\(limit) to \(limit)")
    }
    return values
  }

  /// The statistics as a file.
  ///
  /// - Parameters:
  ///   - basisType: The bits of the directions, which may be fewer.
  ///   - classes: The statistics of the images' classes, which are to follow.
  ///   - origin: What made the images, for a set that a model has drawn.
  /// - Throws: `FileError` if the classes lie in a file that is damaged.
  public func encoded(
    basisType: SafetensorsType = .float32, classes: ClassStatistics? = nil, origin: ImageOrigin? = nil
  ) throws(FileError) -> [UInt8] {
    var metadata = [
      "format": "diffuse-gpu statistics", "count": "\(count)", "channels": "\(shape.channels)",
      "height": "\(shape.height)", "width": "\(shape.width)",
    ]
    if let classes { metadata["class_counts"] = classes.counts.map(String.init).joined(separator: " ") }
    if let origin { (metadata["origin"], metadata["origin_record"]) = (origin.text, origin.record) }
    var writer = SafetensorsWriter(metadata: metadata)
    add(to: &writer, prefix: "", basisType)
    for label in 0..<(classes?.count ?? 0) {
      try classes?.statistics(of: label).add(to: &writer, prefix: ClassStatistics.prefix(label), basisType)
    }
    return writer.encoded()
  }

  private func add(to writer: inout SafetensorsWriter, prefix: String, _ basisType: SafetensorsType) {
    writer.add(prefix + "mean", shape: [shape.count], values: mean)
    writer.add(prefix + "eigenvalues", shape: [rank], values: eigenvalues.map { Float($0) })
    writer.add(prefix + "basis", shape: [rank, shape.count], values: basis, as: basisType)
    writer.add(prefix + "remainder", shape: [1], values: [Float(remainder)])
  }
}
