public import Files
import Foundation

/// Finds out what kind of images a path holds.
public enum Dataset {
  /// Opens images: an IDX file (gzip or not), CIFAR batches, a `.npy` or `.npz` array, a PNG file, or a folder of one of these.
  ///
  /// In a folder training images come before test images; IDX files come first, then CIFAR batches, then PNG files.
  ///
  /// - Parameters:
  ///   - path: The file or folder.
  ///   - reading: How it is to be read, where it does not say so itself.
  ///   - channels: The channels that a model takes, if it is known; they tell layouts apart.
  ///   - clamps: Whether values beyond the range are clamped, as those of a model's samples are; in data they are an error.
  ///   - note: Told what the user should know, one line each.
  /// - Throws: ``ImageReadingError`` if the reading must say more, `FileError` if the path is none of these or its first image
  ///   cannot be read.
  public static func open(
    _ path: String, _ reading: ImageReading = .init(), channels: Int? = nil, clamps: Bool = false,
    note: (String) -> Void = { _ in }
  ) throws -> any ImageSource {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
      throw FileError(path, "there is no such file or folder")
    }
    return isFolder.boolValue ? try open(folder: path) : try open(file: path)
  }

  private static func open(file path: String) throws(FileError) -> any ImageSource {
    let name = (path as NSString).lastPathComponent.lowercased()
    if name.hasSuffix(".npy") || name.hasSuffix(".npz") { return try ArraySource(path) }
    if name.hasSuffix(".png") {
      return try PNGFolderSource(
        files: [(path as NSString).lastPathComponent], in: (path as NSString).deletingLastPathComponent)
    }
    if name.hasSuffix(".bin") { return try CIFARSource([path], path: path) }
    if name.hasSuffix(".xz") { throw FileError(path, "is compressed with xz; unpack it first (xz -dk)") }
    return try IDXSource(path)
  }

  private static func open(folder path: String) throws(FileError) -> any ImageSource {
    let names = ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted()
    let join = { (name: String) in (path as NSString).appendingPathComponent(name) }
    for part in ["train-images", "t10k-images"] {
      if let images = names.first(where: { $0.hasPrefix(part) && !$0.hasSuffix(".xz") }) {
        return try IDXSource(join(images))
      }
    }
    let binaries = names.filter { $0.hasSuffix(".bin") }
    let batches = binaries.filter { $0.hasPrefix("data_batch") || $0.contains("train") }
    if !binaries.isEmpty { return try CIFARSource((batches.isEmpty ? binaries : batches).map(join), path: path) }
    if !names.contains(where: { $0.lowercased().hasSuffix(".png") }), names.contains(where: { $0.hasSuffix(".xz") }) {
      throw FileError(path, "holds files compressed with xz; unpack them first (xz -dk)")
    }
    return try PNGFolderSource(path)
  }
}
