import CJPEG
import CPNG
import Foundation

/// Pictures by libpng and libjpeg.
enum PictureDecoder {
  /// Reads a PNG file, and its text chunks as `png_decode` leaves them if they are wanted.
  static func png(
    _ bytes: UnsafeRawBufferPointer, path: String, texts: UnsafeMutablePointer<png_bytes>? = nil
  ) throws(FileError) -> Picture {
    var pixels = png_bytes()
    let extents = try png(bytes, path: path, &pixels, texts)
    defer { png_bytes_free(&pixels) }
    let data = UnsafeRawBufferPointer(start: pixels.data, count: pixels.count)
    return Picture(
      extents: .init(extents),
      samples: extents.depth == 16 ? .words(Array(data.bindMemory(to: UInt16.self))) : .bytes(Array(data)))
  }

  /// Reads the extents of a PNG file.
  static func pngExtents(_ bytes: UnsafeRawBufferPointer, path: String) throws(FileError) -> Picture.Extents {
    .init(try png(bytes, path: path, nil, nil))
  }

  private static func png(
    _ bytes: UnsafeRawBufferPointer, path: String, _ pixels: UnsafeMutablePointer<png_bytes>?,
    _ texts: UnsafeMutablePointer<png_bytes>?
  ) throws(FileError) -> png_extents {
    var extents = png_extents()
    var message = [CChar](repeating: 0, count: Int(PNG_MESSAGE_LENGTH))
    let start = bytes.bindMemory(to: UInt8.self).baseAddress
    guard png_decode(start, bytes.count, Picture.pixelLimit, &extents, pixels, texts, &message) == 0 else {
      throw mistaken(bytes, path: path, for: .png) ?? FileError(path, "is no readable PNG: \(text(of: message))")
    }
    return extents
  }

  /// The error of bytes that are plainly of another form.
  private static func mistaken(_ bytes: UnsafeRawBufferPointer, path: String, for form: FileKind) -> FileError? {
    guard let kind = FileKind(bytes), kind != form else { return nil }
    return FileKind.mistaken(bytes, path: path, for: form.name)
  }

  /// Reads a JPEG file.
  static func jpeg(_ bytes: UnsafeRawBufferPointer, path: String) throws(FileError) -> Picture {
    var pixels: UnsafeMutablePointer<UInt8>?
    let extents = try jpeg(bytes, path: path, &pixels)
    defer { free(pixels) }
    let count = extents.width * extents.height * extents.channels
    return Picture(extents: extents, samples: .bytes(Array(UnsafeBufferPointer(start: pixels, count: count))))
  }

  /// Reads the extents of a JPEG file.
  static func jpegExtents(_ bytes: UnsafeRawBufferPointer, path: String) throws(FileError) -> Picture.Extents {
    try jpeg(bytes, path: path, nil)
  }

  private static func jpeg(
    _ bytes: UnsafeRawBufferPointer, path: String, _ pixels: UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>?
  ) throws(FileError) -> Picture.Extents {
    var (width, height, channels) = (UInt32(0), UInt32(0), Int32(0))
    var message = [CChar](repeating: 0, count: Int(JPEG_MESSAGE_LENGTH))
    let start = bytes.bindMemory(to: UInt8.self).baseAddress
    guard jpeg_decode(start, bytes.count, Picture.pixelLimit, &width, &height, &channels, pixels, &message) == 0 else {
      throw FileError(path, "is no readable JPEG: \(text(of: message))")
    }
    return .init(width: Int(width), height: Int(height), channels: Int(channels))
  }
}

extension Picture.Extents {
  fileprivate init(_ extents: png_extents) {
    self.init(width: Int(extents.width), height: Int(extents.height), channels: Int(extents.channels))
  }
}
