public import Datasets
public import Files
import Foundation

/// Where finished images go, by the form of a path: a folder of PNG files, one PNG grid, `.npz` or `.npy`.
public enum ImageOutput {
  /// A place that takes images as they are finished.
  ///
  /// - Parameters:
  ///   - path: Ends in `.png`, `.npz` or `.npy`, or names a folder.
  ///   - shape: The images' extents.
  ///   - zoom: How often pixels of a grid are repeated in both directions.
  /// - Throws: One line if the path cannot be written or the images do not fit its form; found out before any work.
  public static func open(_ path: String, _ shape: ImageShape, zoom: Int = 1) throws -> any ImageSink {
    let form = (path as NSString).pathExtension.lowercased()
    guard form == "npy" || shape.channels == 1 || shape.channels == 3 else {
      throw PipelineError("\(path): images of \(shape.channels) channels are no pictures; write them to a .npy file")
    }
    switch form {
    case "png", "npz", "npy":
      try OutputFile.checkWritable(path)
      return switch form {
      case "png": GridSink(path: path, shape: shape, zoom: zoom)
      case "npz": ArchiveSink(path: path, shape: shape)
      default: ArraySink(path: path, shape: shape)
      }
    case "":
      try OutputFile.prepareFolder(path)
      return FolderSink(path: path, shape: shape)
    default:
      throw PipelineError("\(path): the form '.\(form)' is unknown; write to a folder, .png, .npz or .npy")
    }
  }

  /// The seeds whose images are not there yet: those without a file in a folder; all or none for other forms.
  public static func missing(_ seeds: [UInt64], in path: String) -> [UInt64] {
    let manager = FileManager.default
    guard (path as NSString).pathExtension.isEmpty else { return manager.fileExists(atPath: path) ? [] : seeds }
    return seeds.filter { !manager.fileExists(atPath: FolderSink.file($0, in: path)) }
  }
}

/// A place that takes images as they are finished.
public protocol ImageSink {
  /// The path that was asked for.
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
  private var seeds: [UInt64] = []

  init(path: String, shape: ImageShape) {
    self.path = path
    self.shape = shape
  }

  static func file(_ seed: UInt64, in folder: String) -> String {
    let digits = String(seed)
    let name = String(repeating: "0", count: max(0, 6 - digits.count)) + digits + ".png"
    return (folder as NSString).appendingPathComponent(name)
  }

  mutating func append(_ images: [Float], seeds: ArraySlice<UInt64>, record: RunRecord) throws {
    let bytes = ImageConversion.interleaved(images, shape)
    for (index, seed) in seeds.enumerated() {
      let picture = ImageConversion.picture(Array(bytes[index * shape.count..<(index + 1) * shape.count]), shape)
      try OutputFile.write(picture.encoded(texts: record.with(seeds: [seed]).texts), to: Self.file(seed, in: path))
      self.seeds.append(seed)
    }
  }

  mutating func finish(_ record: RunRecord) throws {
    let file = (path as NSString).appendingPathComponent("run.json")
    try OutputFile.write((record.with(seeds: seeds).json.text + "\n").utf8, to: file)
  }
}

/// What the forms that are one file have in common: images are collected and written at the end.
private struct Collection {
  var values: [Float] = []
  var seeds: [UInt64] = []

  mutating func append(_ images: [Float], _ seeds: ArraySlice<UInt64>) {
    values += images
    self.seeds += seeds
  }

  /// Writes the file and, beside it, the record under the same name with `.json`.
  func write(_ bytes: [UInt8], to path: String, _ record: RunRecord) throws {
    try OutputFile.write(bytes, to: path)
    let json = (path as NSString).deletingPathExtension + ".json"
    try OutputFile.write((record.with(seeds: seeds).json.text + "\n").utf8, to: json)
  }
}

/// All images in one picture.
private struct GridSink: ImageSink {
  let path: String
  let shape: ImageShape
  let zoom: Int
  private var images = Collection()

  init(path: String, shape: ImageShape, zoom: Int) {
    self.path = path
    self.shape = shape
    self.zoom = zoom
  }

  mutating func append(_ images: [Float], seeds: ArraySlice<UInt64>, record: RunRecord) {
    self.images.append(images, seeds)
  }

  mutating func finish(_ record: RunRecord) throws {
    guard !images.seeds.isEmpty else { return }
    let grid = ImageConversion.grid(ImageConversion.interleaved(images.values, shape), shape, zoom: zoom)
    try images.write(grid.encoded(texts: record.with(seeds: images.seeds).texts), to: path, record)
  }
}

/// `arr_0`, uint8 `[count, height, width, channels]`, as tools that measure distances expect it; `arr_1` holds classes.
private struct ArchiveSink: ImageSink {
  let path: String
  let shape: ImageShape
  private var images = Collection()

  init(path: String, shape: ImageShape) {
    self.path = path
    self.shape = shape
  }

  mutating func append(_ images: [Float], seeds: ArraySlice<UInt64>, record: RunRecord) {
    self.images.append(images, seeds)
  }

  mutating func finish(_ record: RunRecord) throws {
    guard !images.seeds.isEmpty else { return }
    var archive = NumpyArchive()
    let bytes = ImageConversion.interleaved(images.values, shape)
    let extents = [images.seeds.count, shape.height, shape.width, shape.channels]
    archive.add("arr_0", npy: NumpyArray.encoded(bytes: bytes, shape: extents))
    if let label = record.values["class"]?.int {
      archive.add(
        "arr_1", npy: NumpyArray.encoded(integers: .init(repeating: label, count: extents[0]), shape: [extents[0]]))
    }
    try images.write(archive.encoded(path: path), to: path, record)
  }
}

/// The raw values, 32-bit floating point `[count, channels, height, width]`, not clipped.
private struct ArraySink: ImageSink {
  let path: String
  let shape: ImageShape
  private var images = Collection()

  init(path: String, shape: ImageShape) {
    self.path = path
    self.shape = shape
  }

  mutating func append(_ images: [Float], seeds: ArraySlice<UInt64>, record: RunRecord) {
    self.images.append(images, seeds)
  }

  mutating func finish(_ record: RunRecord) throws {
    guard !images.seeds.isEmpty else { return }
    let extents = [images.seeds.count, shape.channels, shape.height, shape.width]
    try images.write(NumpyArray(images.values, shape: extents).encoded(), to: path, record)
  }
}
