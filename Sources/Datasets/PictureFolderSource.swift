public import Files
import Foundation
public import Tensors

/// PNG and JPEG files, all of one size and colour or brought to it; decoded as they are asked for.
public final class PictureFolderSource: ImageSource {
  /// The folder, or the picture if there is one.
  public let path: String
  /// The extents of the images.
  public let shape: ImageShape
  /// The number of pictures.
  public var count: Int { files.count }
  private let files: [String]
  private let folder: String
  private let classes: [Int]?
  private let fit: ImageFit
  private var position = 0

  /// One picture.
  ///
  /// - Throws: as ``Dataset/open(_:_:channels:clamps:note:)`` does.
  public convenience init(file path: String, _ reading: ImageReading = .init()) throws {
    try self.init(
      [(path as NSString).lastPathComponent], in: parentFolder(of: path), nil, .init(reading))
  }

  /// The pictures of a folder, whose headers are all read, so that one that does not fit is found before work begins.
  convenience init(_ folder: PictureFolder, _ fit: ImageFit) throws {
    try self.init(folder.files, in: folder.path, folder.labels, fit)
  }

  private init(_ files: [String], in folder: String, _ classes: [Int]?, _ fit: ImageFit) throws {
    guard let first = files.first else {
      throw FileError(folder, "holds no images in a form that is read, such as PNG and JPEG")
    }
    path = files.count == 1 && classes == nil ? FolderListing.join(folder, first) : folder
    (self.files, self.folder, self.classes, self.fit) = (files, folder, classes, fit)
    shape = try fit.shape(of: Self.shape(FolderListing.join(folder, first)), path: FolderListing.join(folder, first))
    for name in files.dropFirst() {
      let file = FolderListing.join(folder, name)
      let found = try fit.shape(of: Self.shape(file), path: file)
      guard found != shape else { continue }
      func named(_ shape: ImageShape) -> String {
        "\(shape.channels == 1 ? "grey" : "RGB"), \(shape.height)x\(shape.width)"
      }
      throw ImageReadingError(
        file, found.channels == shape.channels ? .resize : .color,
        "is a picture of another kind (\(named(found))) than \(first) (\(named(shape))); they must be brought to one")
    }
  }

  private static func shape(_ file: String) throws(FileError) -> ImageShape {
    let extents = try Picture.extents(contentsOf: file)
    return ImageShape(channels: extents.channels, height: extents.height, width: extents.width)
  }

  /// The next pictures.
  public func next(_ count: Int) throws(FileError) -> [Float] {
    let end = min(position + count, files.count)
    var images: [Float] = []
    images.reserveCapacity((end - position) * shape.count)
    for name in files[position..<end] {
      let picture = try Picture(contentsOf: FolderListing.join(folder, name))
      let extents = picture.extents
      let found = ImageShape(channels: extents.channels, height: extents.height, width: extents.width)
      guard (try? fit.shape(of: found, path: name)) == shape else {
        throw FileError(
          FolderListing.join(folder, name), "has become a picture of \(found) since the folder was opened")
      }
      images += fit.fitted(picture.planarValues(found), found)
    }
    position = end
    return images
  }

  /// The classes, if folders make any.
  public func labels() -> [Int]? { classes }
}

extension Picture {
  /// The values in the range of models, one channel after the other.
  fileprivate func planarValues(_ shape: ImageShape) -> [Float] {
    switch samples {
    case .bytes(let bytes): planar(bytes[...], shape, modelValue)
    // 257 times a byte is exactly the byte's value.
    case .words(let words): planar(words[...], shape) { Float($0) / 32767.5 - 1 }
    }
  }
}
