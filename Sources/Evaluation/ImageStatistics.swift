public import Datasets
public import Files
public import HostMath
public import Tensors

/// Mean and covariance of the images of a data set, as they lie in a model directory.
///
/// The file is a safetensors file: `mean [D]`, `basis [rank, D]`, `eigenvalues [rank]`, `remainder [1]`, and in its metadata
/// the images' extents and their count. Values are those of models' images, [-1, 1]. Mean and basis are kept in the 32 bits
/// of the file and of devices; ``moments`` widens them for distances.
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
    var accumulator = MomentAccumulator(dimension: source.shape.count, rank: rank, count: source.count)
    var done = 0
    while true {
      let batch = try source.next(min(500, source.batchCount))
      if batch.isEmpty { break }
      guard batch.allSatisfy(\.isFinite) else { throw FileError(source.path, "holds values that are not finite") }
      accumulator.add(batch)
      done += batch.count / source.shape.count
      progress(done)
    }
    guard done >= 2 else { throw FileError(source.path, "holds \(done) images; a covariance takes at least two") }
    self.init(shape: source.shape, moments: accumulator.moments())
  }

  /// Reads a file of statistics.
  ///
  /// - Throws: `FileError` if it is none, or its tensors do not fit the images that it names.
  public init(_ file: SafetensorsFile) throws(FileError) {
    let summary = try ImageStatisticsSummary(file)
    shape = summary.shape
    count = summary.count
    let size = summary.shape.count, rank = summary.rank
    mean = try Self.values("mean", of: file, within: Self.largestMean) { $0 == [size] }
    eigenvalues = try Self.values("eigenvalues", of: file, within: Self.largestVariance) { $0 == [rank] }
      .map { max(0, Double($0)) }
    // Rows of unit length, up to the rounding of half precision.
    basis = try Self.values("basis", of: file, within: 1.01) { $0 == [rank, size] }
    remainder = max(
      0, Double(try Self.values("remainder", of: file, within: Self.largestVariance) { $0 == [1] }[0]))
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

  /// The statistics as a file; the basis may be kept in fewer bits.
  public func encoded(basisType: SafetensorsType = .float32) -> [UInt8] {
    var writer = SafetensorsWriter(metadata: [
      "format": "diffuse-gpu statistics", "count": "\(count)", "channels": "\(shape.channels)",
      "height": "\(shape.height)", "width": "\(shape.width)",
    ])
    writer.add("mean", shape: [shape.count], values: mean)
    writer.add("eigenvalues", shape: [rank], values: eigenvalues.map { Float($0) })
    writer.add("basis", shape: [rank, shape.count], values: basis, as: basisType)
    writer.add("remainder", shape: [1], values: [Float(remainder)])
    return writer.encoded()
  }
}

/// What the header of a file of statistics says, without a look at its values.
public struct ImageStatisticsSummary: Sendable, Hashable {
  /// The images' extents.
  public let shape: ImageShape
  /// Images that were seen.
  public let count: Int
  /// Directions in the basis.
  public let rank: Int

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
    guard let eigenvalues = file.entries["eigenvalues"]?.shape, eigenvalues.count == 1, eigenvalues[0] <= shape.count
    else { throw FileError(path, "tensor 'eigenvalues' of the statistics is missing or does not fit the image") }
    rank = eigenvalues[0]
  }
}
