public import Files
import Foundation
public import Tensors

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
      case "png": FileSink.grid(path, shape, zoom: zoom)
      case "npz": FileSink.archive(path, shape)
      default: FileSink.array(path, shape)
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
    try record.with(seeds: seeds).write(to: (path as NSString).appendingPathComponent("run.json"))
  }
}

/// The forms that are one file: images are collected, encoded together and written at the end.
private struct FileSink: ImageSink {
  let path: String
  /// The whole file, made of all values, `[seeds.count, channels, height, width]`, and the record of their seeds.
  let encode: (_ values: [Float], _ count: Int, _ record: RunRecord) throws -> [UInt8]
  private var values: [Float] = []
  private var seeds: [UInt64] = []

  init(path: String, encode: @escaping ([Float], Int, RunRecord) throws -> [UInt8]) {
    self.path = path
    self.encode = encode
  }

  mutating func append(_ images: [Float], seeds: ArraySlice<UInt64>, record: RunRecord) {
    values += images
    self.seeds += seeds
  }

  mutating func finish(_ record: RunRecord) throws {
    guard !seeds.isEmpty else { return }
    let record = record.with(seeds: seeds)
    try OutputFile.write(encode(values, seeds.count, record), to: path)
    try record.write(to: (path as NSString).deletingPathExtension + ".json")
  }

  /// All images in one picture.
  static func grid(_ path: String, _ shape: ImageShape, zoom: Int) -> FileSink {
    FileSink(path: path) { values, _, record in
      let grid = ImageConversion.grid(ImageConversion.interleaved(values, shape), shape, zoom: zoom)
      return try grid.encoded(texts: record.texts)
    }
  }

  /// `arr_0`, uint8 `[count, height, width, channels]`, as tools that measure distances expect it; `arr_1` holds classes.
  static func archive(_ path: String, _ shape: ImageShape) -> FileSink {
    FileSink(path: path) { values, count, record in
      var archive = NumpyArchive()
      let bytes = ImageConversion.interleaved(values, shape)
      let extents = [count, shape.height, shape.width, shape.channels]
      archive.add("arr_0", npy: NumpyArray.encoded(bytes: bytes, shape: extents))
      if let label = record.values["class"]?.int {
        let labels = [Int](repeating: label, count: count)
        archive.add("arr_1", npy: NumpyArray.encoded(integers: labels, shape: [count]))
      }
      return try archive.encoded(path: path)
    }
  }

  /// The raw values, 32-bit floating point `[count, channels, height, width]`, not clipped.
  static func array(_ path: String, _ shape: ImageShape) -> FileSink {
    FileSink(path: path) { values, count, _ in
      NumpyArray(values, shape: [count, shape.channels, shape.height, shape.width]).encoded()
    }
  }
}
