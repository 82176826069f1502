import CPNG
import Foundation

/// A picture of 8-bit grey or RGB pixels, as PNG files have them.
public struct PNGImage: Sendable, Hashable {
  /// Columns.
  public let width: Int
  /// Rows.
  public let height: Int
  /// 1 for grey, 3 for RGB.
  public let channels: Int
  /// The pixels, rows from the top, channels innermost.
  public var pixels: [UInt8]

  /// A picture; `pixels` holds `height * width * channels` values.
  public init(width: Int, height: Int, channels: Int, pixels: [UInt8]) {
    precondition(channels == 1 || channels == 3, "a picture is grey or RGB")
    precondition(
      width > 0 && height > 0 && pixels.count == width * height * channels, "the pixels do not fill the picture")
    self.width = width
    self.height = height
    self.channels = channels
    self.pixels = pixels
  }

  /// The picture as a PNG file, with text chunks (`iTXt`, UTF-8).
  ///
  /// - Parameter texts: Keywords of at most 79 Latin letters and their texts, written in alphabetical order.
  /// - Throws: ``FileError`` if libpng refuses.
  public func encoded(texts: [String: String] = [:]) throws(FileError) -> [UInt8] {
    let sorted = texts.sorted { $0.key < $1.key }
    var entries = sorted.map {
      png_text_entry(keyword: UnsafePointer(strdup($0.key)), text: UnsafePointer(strdup($0.value)))
    }
    defer {
      for entry in entries {
        free(UnsafeMutablePointer(mutating: entry.keyword))
        free(UnsafeMutablePointer(mutating: entry.text))
      }
    }
    var result = png_bytes()
    var message = [CChar](repeating: 0, count: Int(PNG_MESSAGE_LENGTH))
    let status = png_encode(
      pixels, UInt32(width), UInt32(height), Int32(channels), &entries, Int32(entries.count), &result, &message)
    guard status == 0 else { throw FileError("picture", "libpng: \(text(of: message))") }
    defer { png_bytes_free(&result) }
    return Array(UnsafeBufferPointer(start: result.data, count: result.count))
  }

  /// Reads a PNG file: palettes are expanded, 16 bits rounded to 8, an alpha channel dropped.
  ///
  /// - Throws: ``FileError`` if it is no PNG file or damaged.
  public init(contentsOf path: String) throws(FileError) {
    let file = try MappedFile(path)
    defer { withExtendedLifetime(file) {} }
    try self.init(parsing: file.bytes, path: path)
  }

  /// Reads the bytes of a PNG file.
  public init(parsing bytes: UnsafeRawBufferPointer, path: String) throws(FileError) {
    let picture = try PictureDecoder.png(bytes, path: path)
    let pixels =
      switch picture.samples {
      case .bytes(let bytes): bytes
      case .words(let words): words.map { UInt8((Int($0) * 255 + 32767) / 65535) }
      }
    self.init(
      width: picture.extents.width, height: picture.extents.height, channels: picture.extents.channels, pixels: pixels)
  }

  /// The text chunks of a PNG file by keyword, of all three kinds (`tEXt`, `zTXt` and `iTXt`).
  ///
  /// - Throws: ``FileError`` if it is no PNG file or damaged.
  public static func texts(contentsOf path: String) throws(FileError) -> [String: String] {
    let file = try MappedFile(path)
    defer { withExtendedLifetime(file) {} }
    var entries = png_bytes()
    _ = try PictureDecoder.png(file.bytes, path: path, texts: &entries)
    defer { png_bytes_free(&entries) }
    // Keyword, zero, text, zero.
    let parts = UnsafeBufferPointer(start: entries.data, count: entries.count)
      .split(separator: 0, omittingEmptySubsequences: false).map { String(decoding: $0, as: UTF8.self) }
    var texts: [String: String] = [:]
    for index in stride(from: 0, to: parts.count - 1, by: 2) { texts[parts[index]] = parts[index + 1] }
    return texts
  }
}

/// The message that a C library has left.
func text(of message: [CChar]) -> String {
  String(decoding: message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
}
