public import Communication
public import Files
import Foundation
public import Tensors

/// Where finished images go, by the form of a path: a folder of PNG files, one PNG grid, `.npz` or `.npy`.
///
/// Arrays hold images of any number of channels as they are; in pictures, images of other than 1 or 3 channels are grey planes
/// side by side. A folder that is there, or a path that ends in a slash, is a folder, whatever its name.
public enum ImageOutput {
  /// A place that takes images as they are finished.
  ///
  /// - Parameters:
  ///   - path: Ends in `.png`, `.npz` or `.npy`, or names a folder.
  ///   - shape: The images' extents.
  ///   - count: Images that are expected, for which room is made once.
  ///   - zoom: How often pixels of a grid are repeated in both directions.
  /// - Throws: `FileError` if the path cannot be written or the images do not fit its form; found out before any work.
  public static func open(_ path: String, _ shape: ImageShape, count: Int, zoom: Int = 1) throws -> any ImageSink {
    let form = try OutputForm(path)
    guard let size = product(of: [count, shape.count]) else {
      throw FileError(path, "\(count) images of \(shape) are more than any memory holds")
    }
    switch form {
    case .folder: try OutputFile.prepareFolder(path)
    case .archive:
      try NumpyArchive.checkSize(size, path: path)
      try OutputFile.checkWritable(path)
    case .grid:
      try ImageConversion.checkGrid(count, shape, zoom: zoom, path: path)
      try OutputFile.checkWritable(path)
    case .array: try OutputFile.checkWritable(path)
    }
    return switch form {
    case .folder: FolderSink(path: path, shape: shape)
    case .grid: GridSink(path: path, shape: shape, count: count)
    case .archive: ArchiveSink(path: path, shape: shape, count: count)
    case .array: ArraySink(path: path, shape: shape, count: count)
    }
  }

  /// A place that takes the images of a rank, of which each brings a range that follows those of lower ranks.
  ///
  /// ``ImageSink/finish(_:)`` is given the record of the whole run then. Every rank calls it, and this.
  ///
  /// - Parameters:
  ///   - path: As above.
  ///   - shape: The images' extents.
  ///   - places: The places of this rank's images in the run.
  ///   - total: Images of all ranks.
  ///   - zoom: How often pixels of a grid are repeated in both directions.
  ///   - ranks: The processes.
  public static func open(
    _ path: String, _ shape: ImageShape, places: [Int], total: Int, zoom: Int, _ ranks: any Communicator
  ) throws -> any ImageSink {
    guard ranks.size > 1 else { return try open(path, shape, count: places.count, zoom: zoom) }
    return try RankSink(path, shape, places: places, total: total, zoom: zoom, ranks)
  }

  /// The seeds that have no image yet: those without a file in a folder; all or none for other forms.
  ///
  /// - Throws: `FileError` if the form of the path is unknown.
  public static func missing(_ seeds: [UInt64], in path: String) throws(FileError) -> [UInt64] {
    let manager = FileManager.default
    guard try OutputForm(path) == .folder else { return manager.fileExists(atPath: path) ? [] : seeds }
    return seeds.filter { !manager.fileExists(atPath: picture($0, in: path)) }
  }

  /// The file of a seed in a folder.
  static func picture(_ seed: UInt64, in folder: String) -> String {
    (folder as NSString).appendingPathComponent(seed.padded(to: 6) + ".png")
  }
}

/// A place that takes images as they are finished.
public protocol ImageSink {
  /// The path of the request.
  var path: String { get }

  /// Takes finished images, `[seeds.count, channels, height, width]` in the range of the model.
  mutating func append(_ images: [Float], seeds: ArraySlice<UInt64>, record: RunRecord) throws

  /// Writes what is not written yet, and the record beside it; called once, also after an interruption.
  mutating func finish(_ record: RunRecord) throws
}

/// One PNG file a seed, written as soon as the image is finished.
private struct FolderSink: ImageSink {
  let path: String
  let shape: ImageShape
  private var count = 0

  init(path: String, shape: ImageShape) {
    self.path = path
    self.shape = shape
  }

  mutating func append(_ images: [Float], seeds: ArraySlice<UInt64>, record: RunRecord) throws {
    let bytes = ImageConversion.pictureBytes(images, shape), pictureShape = ImageConversion.pictureShape(shape)
    for (index, seed) in seeds.enumerated() {
      let picture = ImageConversion.picture(
        Array(bytes[index * shape.count..<(index + 1) * shape.count]), pictureShape)
      try OutputFile.write(
        picture.encoded(texts: record.with(place: count).texts), to: ImageOutput.picture(seed, in: path))
      count += 1
    }
  }

  mutating func finish(_ record: RunRecord) throws {
    try record.with(first: count).write(to: OutputForm.folder.record(of: path, record.part?.shard))
  }
}

/// Pixels that are collected as bytes until a file of all of them is written.
private struct CollectedBytes {
  let shape: ImageShape
  /// Whether the bytes are those of pictures, rather than of channels that are interleaved whatever their number.
  let arePictures: Bool
  var bytes: [UInt8] = []
  /// Images so far.
  var count = 0

  init(_ shape: ImageShape, count: Int, arePictures: Bool) {
    self.shape = shape
    self.arePictures = arePictures
    bytes.reserveCapacity(min(count * shape.count, 1 << 32))
  }

  mutating func append(_ images: [Float]) {
    if arePictures {
      bytes += ImageConversion.pictureBytes(images, shape)
    } else {
      ImageConversion.append(images, shape, to: &bytes)
    }
    count += images.count / shape.count
  }
}

/// All images in one picture.
private struct GridSink: ImageSink {
  let path: String
  private var images: CollectedBytes

  init(path: String, shape: ImageShape, count: Int) {
    self.path = path
    images = CollectedBytes(shape, count: count, arePictures: true)
  }

  mutating func append(_ images: [Float], seeds: ArraySlice<UInt64>, record: RunRecord) {
    self.images.append(images)
  }

  mutating func finish(_ record: RunRecord) throws {
    guard images.count > 0 else { return }
    let record = record.with(first: images.count)
    try OutputFile.write(record.grid(of: images.bytes, images.shape), to: path)
    try record.write(to: OutputForm.grid.record(of: path))
  }
}

/// `arr_0`, uint8 `[count, height, width, channels]`, as tools that measure distances expect it; `arr_1` holds classes.
///
/// Holds the archive's bytes and nothing else.
private struct ArchiveSink: ImageSink {
  let path: String
  private var images: CollectedBytes

  init(path: String, shape: ImageShape, count: Int) {
    self.path = path
    images = CollectedBytes(shape, count: count, arePictures: false)
  }

  mutating func append(_ images: [Float], seeds: ArraySlice<UInt64>, record: RunRecord) {
    self.images.append(images)
  }

  mutating func finish(_ record: RunRecord) throws {
    guard images.count > 0 else { return }
    try record.with(first: images.count).writeArchive(of: images.bytes, images.shape, to: path)
  }
}

/// The raw values, 32-bit floating point `[count, channels, height, width]`, not clipped.
private struct ArraySink: ImageSink {
  let path: String
  let shape: ImageShape
  private var values: [Float] = []

  init(path: String, shape: ImageShape, count: Int) {
    self.path = path
    self.shape = shape
    values.reserveCapacity(min(count * shape.count, 1 << 28))
  }

  mutating func append(_ images: [Float], seeds: ArraySlice<UInt64>, record: RunRecord) {
    values += images
  }

  mutating func finish(_ record: RunRecord) throws {
    guard !values.isEmpty else { return }
    try record.with(first: values.count / shape.count).writeArray(of: values, shape, to: path)
  }
}

extension RunRecord {
  /// Writes the images of the run as an archive, and the record beside it.
  ///
  /// - Parameter bytes: `[count, height, width, channels]`.
  func writeArchive(of bytes: [UInt8], _ shape: ImageShape, to path: String) throws(FileError) {
    let count = bytes.count / shape.count
    var archive = NumpyArchive()
    archive.add(
      "arr_0", header: NumpyArray.header(ofBytes: [count, shape.height, shape.width, shape.channels]), values: bytes)
    if let labels = request.settings.labels(of: 0..<count) {
      archive.add("arr_1", npy: NumpyArray.encoded(integers: labels, shape: [count]))
    }
    try archive.write(to: path)
    try write(to: OutputForm.archive.record(of: path))
  }

  /// Writes the values of the run's images as an array, and the record beside it.
  ///
  /// - Parameter values: `[count, channels, height, width]`.
  func writeArray(of values: [Float], _ shape: ImageShape, to path: String) throws(FileError) {
    try NumpyArray(values, shape: [values.count / shape.count, shape.channels, shape.height, shape.width]).write(
      to: path)
    try write(to: OutputForm.array.record(of: path))
  }
}
