/// A picture of a PNG or JPEG file, grey or RGB, with the precision that the file has.
///
/// Palettes and fewer than 8 bits are expanded, an alpha channel is dropped, interlacing and progressive coding are undone. A
/// JPEG's values are those of libjpeg's decoder by default. Neither gamma and colour profiles nor the orientation that a camera
/// notes (EXIF) are applied, as in Pillow's `Image.open`.
public struct Picture: Sendable, Hashable {
  /// Columns, rows and channels.
  public struct Extents: Sendable, Hashable {
    /// Columns.
    public let width: Int
    /// Rows.
    public let height: Int
    /// 1 for grey, 3 for RGB.
    public let channels: Int
  }

  /// The values, rows from the top, channels innermost.
  public enum Samples: Sendable, Hashable {
    /// Of 8 bits, from black at 0 to white at 255.
    case bytes([UInt8])
    /// Of 16 bits, from black at 0 to white at 65,535.
    case words([UInt16])
  }

  /// The most pixels of a picture that is read, 134,217,728: more are taken for an attack.
  public static let pixelLimit = 1 << 27

  /// Columns, rows and channels.
  public let extents: Extents
  /// The values.
  public let samples: Samples

  /// Reads a PNG or JPEG file, whichever its first bytes say.
  ///
  /// - Throws: ``FileError`` if it is neither, damaged, cut short, in CMYK, or of more than ``pixelLimit`` pixels.
  public init(contentsOf path: String) throws(FileError) {
    let file = try MappedFile(path)
    defer { withExtendedLifetime(file) {} }
    try self.init(parsing: file.bytes, path: path)
  }

  /// Reads the bytes of a PNG or JPEG file.
  public init(parsing bytes: UnsafeRawBufferPointer, path: String) throws(FileError) {
    self =
      switch try PictureForm(reading: bytes, path: path) {
      case .png: try PictureDecoder.png(bytes, path: path)
      case .jpeg: try PictureDecoder.jpeg(bytes, path: path)
      }
  }

  /// Reads no more of a PNG or JPEG file than its extents.
  ///
  /// - Throws: ``FileError`` as ``init(contentsOf:)``, as far as the header tells.
  public static func extents(contentsOf path: String) throws(FileError) -> Extents {
    let file = try MappedFile(path)
    defer { withExtendedLifetime(file) {} }
    return switch try PictureForm(reading: file.bytes, path: path) {
    case .png: try PictureDecoder.pngExtents(file.bytes, path: path)
    case .jpeg: try PictureDecoder.jpegExtents(file.bytes, path: path)
    }
  }

  init(extents: Extents, samples: Samples) {
    self.extents = extents
    self.samples = samples
  }
}
