public import Files
import Foundation
public import Tensors

/// The PNG files of a folder in the order of their names, all of one size.
public final class PNGFolderSource: ImageSource {
  /// The folder, or the picture if there is one.
  public let path: String
  /// The first picture's extents, which all have.
  public let shape: ImageShape
  /// Pictures in the folder.
  public let count: Int
  /// The pictures' names, sorted.
  public let names: [String]
  private let folder: String
  private var position = 0

  /// Lists a folder and reads its first picture.
  public convenience init(_ path: String) throws(FileError) {
    guard let listing = try? FileManager.default.contentsOfDirectory(atPath: path) else {
      throw FileError(path, "the folder cannot be read")
    }
    try self.init(files: listing.filter { $0.lowercased().hasSuffix(".png") }.sorted(), in: path)
  }

  /// Some pictures of a folder.
  public init(files: [String], in path: String) throws(FileError) {
    guard let first = files.first else { throw FileError(path, "the folder holds no PNG files") }
    self.path = files.count == 1 ? Self.join(path, first) : path
    folder = path
    names = files
    count = files.count
    let image = try PNGImage(contentsOf: Self.join(folder, first))
    shape = ImageShape(channels: image.channels, height: image.height, width: image.width)
  }

  /// The next pictures.
  public func next(_ count: Int) throws(FileError) -> [Float] {
    var images: [Float] = []
    for name in names[position..<min(position + count, names.count)] {
      let file = Self.join(folder, name)
      let image = try PNGImage(contentsOf: file)
      let found = ImageShape(channels: image.channels, height: image.height, width: image.width)
      guard found == shape else { throw FileError(file, "is a picture of \(found), the first one is of \(shape)") }
      images += planar(image.pixels, shape)
      position += 1
    }
    return images
  }

  private static func join(_ folder: String, _ name: String) -> String {
    (folder as NSString).appendingPathComponent(name)
  }
}
