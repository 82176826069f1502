import Files
import Foundation

/// Finds out what kind of images a path holds.
public enum Dataset {
  /// Opens images of any ``ImageForm``.
  ///
  /// In a folder training images come before test images; IDX files come first, then CIFAR batches, then pictures right in it, then
  /// the layouts of torchvision (`MNIST/raw`, `cifar-10-batches-bin`), then pictures in folders, each of which is a class. Names
  /// that begin with a dot are passed over everywhere.
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
    guard FileManager.default.fileExists(atPath: path) else { throw FileError(path, "there is no such file or folder") }
    let arrays = { path in
      try ArraySource(path, reading, channels: channels, clamps: clamps, note: note)
    }
    let source =
      FolderListing.isFolder(path)
      ? try open(folder: path, reading, arrays, note) : try open(file: path, reading, arrays, note)
    if let unused = unused(reading, by: source) { note("\(path): \(unused)") }
    let fit = ImageFit(reading)
    // Pictures are fitted one by one, because they may be of different sizes.
    return fit.isIdentity || source is PictureFolderSource ? source : try FittedSource(source, fit)
  }

  /// What of a reading says nothing about images of their kind, or nil.
  private static func unused(_ reading: ImageReading, by source: any ImageSource) -> String? {
    let isArray = source is ArraySource
    let ofArrays = reading.layout != nil || reading.range != nil || reading.array != nil || reading.labelsArray != nil
    if ofArrays, !isArray { return "is no array; what is said about the layout, range and names of arrays is not used" }
    if reading.isRecursive, !(source is PictureFolderSource) {
      return "is no folder of pictures; there is nothing to search deeper"
    }
    return nil
  }

  private static func open(
    file path: String, _ reading: ImageReading, _ arrays: (String) throws -> ArraySource, _ note: (String) -> Void
  ) throws -> any ImageSource {
    let name = (path as NSString).lastPathComponent.lowercased()
    if isArray(name) { return try arrays(path) }
    if PictureForm.isPicture(name) { return try PictureFolderSource(file: path, reading) }
    if name.hasSuffix(".bin") { return try CIFARSource([path], path: path) }
    if let fault = packing(name) { throw FileError(path, fault) }
    let prefix = try ByteStream(path).readUpTo(16)
    if PictureForm(prefix: prefix) != nil { return try PictureFolderSource(file: path, reading) }
    if let fault = PictureForm.foreign(prefix, path: path) { throw fault }
    return try openIDX(path, note)
  }

  private static func openIDX(_ path: String, _ note: (String) -> Void) throws(FileError) -> any ImageSource {
    let source = try IDXSource(path)
    if let expansion = source.expansion { note(expansion) }
    return source
  }

  private static func isArray(_ name: String) -> Bool { name.hasSuffix(".npy") || name.hasSuffix(".npz") }

  /// What is wrong with a file that must be unpacked first, or nil.
  private static func packing(_ name: String) -> String? {
    let name = name.lowercased()
    if name.hasSuffix(".xz") { return "is compressed with xz; unpack it first (xz -dk)" }
    let archives = [".tar.gz", ".tgz", ".tar", ".zip"]
    return archives.contains(where: name.hasSuffix) ? "is an archive; unpack it first and name the folder" : nil
  }

  private static func open(
    folder path: String, _ reading: ImageReading, _ arrays: (String) throws -> ArraySource, _ note: (String) -> Void
  ) throws -> any ImageSource {
    let listing = try FolderListing(path)
    if let images = try IDXLayout.images(in: listing) { return try openIDX(images, note) }
    if let source = try CIFARLayout.source(in: listing) { return source }
    let files = listing.files.filter { isArray($0.lowercased()) }
    if !files.isEmpty, !listing.files.contains(where: PictureForm.isPicture) {
      guard files.count == 1 else {
        throw FileError(path, "holds \(files.count) arrays, such as \(files[0]); name one of them")
      }
      return try arrays(listing.path(of: files[0]))
    }
    if !listing.files.contains(where: PictureForm.isPicture) {
      if let images = try IDXLayout.images(below: listing) { return try openIDX(images, note) }
      if let source = try CIFARLayout.source(below: listing) { return source }
      if let packed = listing.files.first(where: { packing($0) != nil }), listing.folders.isEmpty {
        throw FileError(listing.path(of: packed), packing(packed) ?? "")
      }
    }
    let pictures = try PictureFolder(listing, isRecursive: reading.isRecursive)
    let source = try PictureFolderSource(pictures, ImageFit(reading))
    pictures.notes.forEach(note)
    return source
  }
}
