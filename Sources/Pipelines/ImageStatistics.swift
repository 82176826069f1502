public import Compute
public import Datasets
public import Diffusion
public import Files
public import HostMath
public import Tensors

/// Mean and covariance of the images of a data set, as they lie in a model directory.
///
/// The file is a safetensors file: `mean [dimension]`, `basis [rank, dimension]`, `eigenvalues [rank]`, `remainder [1]`, and in its
/// metadata the images' extents and their count. Values are those of models' images, [-1, 1].
public struct ImageStatistics: Sendable {
  /// The images' extents.
  public let shape: ImageShape
  /// Their moments.
  public let moments: Moments

  /// Statistics of images.
  public init(shape: ImageShape, moments: Moments) {
    precondition(shape.count == moments.dimension, "moments of \(moments.dimension) values for images of \(shape)")
    self.shape = shape
    self.moments = moments
  }

  /// Makes the statistics of a data set in one pass.
  ///
  /// - Parameters:
  ///   - source: The images; at least two.
  ///   - rank: Directions to keep, or nil for all (512 above 4,096 values an image).
  ///   - progress: Called with the images done.
  public init(of source: any ImageSource, rank: Int? = nil, progress: (Int) -> Void = { _ in }) throws {
    var accumulator = MomentAccumulator(dimension: source.shape.count, rank: rank)
    var done = 0
    while true {
      let batch = try source.next(500)
      if batch.isEmpty { break }
      guard batch.allSatisfy(\.isFinite) else { throw FileError(source.path, "holds values that are not finite") }
      accumulator.add(batch)
      done += batch.count / source.shape.count
      progress(done)
    }
    try Self.checkCount(done, source.path)
    self.init(shape: source.shape, moments: accumulator.moments())
  }

  /// Makes the statistics of images that are in memory already.
  ///
  /// - Throws: ``FileError`` if there are fewer than two.
  public init(of images: ImageSet) throws(FileError) {
    try Self.checkCount(images.count, images.path)
    var accumulator = MomentAccumulator(dimension: images.shape.count, rank: nil)
    for first in stride(from: 0, to: images.count, by: 500) {
      accumulator.add(images.values(of: first..<min(first + 500, images.count)))
    }
    self.init(shape: images.shape, moments: accumulator.moments())
  }

  private static func checkCount(_ count: Int, _ path: String) throws(FileError) {
    guard count >= 2 else { throw FileError(path, "holds \(count) images; a covariance takes at least two") }
  }

  /// Reads a file of statistics.
  public init(_ file: SafetensorsFile) throws(FileError) {
    let path = file.file.path
    let extents = ["channels", "height", "width"].compactMap { file.metadata[$0].flatMap(Int.init) }
    guard extents.count == 3, extents.allSatisfy({ (1...65_536).contains($0) }),
      let count = Int(file.metadata["count"] ?? "")
    else { throw FileError(path, "is no file of statistics; `diffuse-gpu statistics` makes one") }
    let shape = ImageShape(channels: extents[0], height: extents[1], width: extents[2])
    let mean = try Self.values("mean", of: file) { $0 == [shape.count] }
    let eigenvalues = try Self.values("eigenvalues", of: file) { $0.count == 1 && $0[0] <= shape.count }
    let basis = try Self.values("basis", of: file) { $0 == [eigenvalues.count, shape.count] }
    let remainder = try Self.values("remainder", of: file) { $0 == [1] }
    self.init(
      shape: shape,
      moments: Moments(
        count: count, mean: mean, basis: basis, eigenvalues: eigenvalues.map { max(0, $0) },
        remainder: max(0, remainder[0])))
  }

  private static func values(
    _ name: String, of file: SafetensorsFile, fits: ([Int]) -> Bool
  ) throws(FileError) -> [Double] {
    guard let entry = file.entries[name], entry.type.isFloatingPoint, fits(entry.shape) else {
      throw FileError(file.file.path, "tensor '\(name)' of the statistics is missing or does not fit the image")
    }
    var values = [Float](repeating: 0, count: entry.count)
    values.withUnsafeMutableBufferPointer { file.readFloats(entry, into: $0) }
    guard values.allSatisfy(\.isFinite) else { throw FileError(file.file.path, "tensor '\(name)' is not finite") }
    return values.map(Double.init)
  }

  /// The statistics as a file; the basis may be kept in fewer bits.
  public func encoded(basisType: SafetensorsType = .float32) -> [UInt8] {
    var writer = SafetensorsWriter(metadata: [
      "format": "diffuse-gpu statistics", "count": "\(moments.count)", "channels": "\(shape.channels)",
      "height": "\(shape.height)", "width": "\(shape.width)",
    ])
    writer.add("mean", shape: [shape.count], values: moments.mean.map { Float($0) })
    writer.add("eigenvalues", shape: [moments.rank], values: moments.eigenvalues.map { Float($0) })
    writer.add(
      "basis", shape: [moments.rank, shape.count], values: moments.basis.map { Float($0) }, as: basisType)
    writer.add("remainder", shape: [1], values: [Float(moments.remainder)])
    return writer.encoded()
  }

  /// The statistics on a device, for late starts.
  public func gaussian(on backend: any Backend) -> GaussianStatistics {
    GaussianStatistics(
      mean: moments.mean.map { Float($0) }, basis: moments.basis.map { Float($0) }, eigenvalues: moments.eigenvalues,
      remainder: moments.remainder, on: backend)
  }
}
