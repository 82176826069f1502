/// The forms of picture files that are read.
public enum PictureForm: String, Sendable, Hashable, CaseIterable {
  /// Portable Network Graphics.
  case png = "PNG"
  /// Joint Photographic Experts Group, baseline and progressive.
  case jpeg = "JPEG"

  /// The endings of the names of such files, in lower case.
  public var endings: [String] {
    switch self {
    case .png: [".png"]
    case .jpeg: [".jpg", ".jpeg"]
    }
  }

  /// Whether a file's name ends as a picture's does.
  public static func isPicture(_ name: String) -> Bool {
    let name = name.lowercased()
    return allCases.contains { $0.endings.contains(where: name.hasSuffix) }
  }

  /// As many of a file's first bytes as tell its form.
  static let prefixCount = 512

  /// The form that a file's first bytes are of, or nil for none of these.
  public init?(prefix: some Collection<UInt8>) {
    if prefix.starts(with: [0x89, 0x50, 0x4E, 0x47]) {
      self = .png
    } else if prefix.starts(with: [0xFF, 0xD8, 0xFF]) {
      self = .jpeg
    } else {
      return nil
    }
  }

  /// The name of the form of picture that a file's first bytes are of, if it is one that is not read.
  public static func foreign(prefix: some Collection<UInt8>) -> String? {
    let forms: [(name: String, start: [UInt8])] = [
      ("GIF", Array("GIF8".utf8)), ("TIFF", [0x49, 0x49, 0x2A, 0]), ("TIFF", [0x4D, 0x4D, 0, 0x2A]),
      ("BMP", Array("BM".utf8)), ("JPEG XL", [0xFF, 0x0A]), ("netpbm", Array("P6\n".utf8)),
      ("netpbm", Array("P5\n".utf8)),
    ]
    if let form = forms.first(where: { prefix.starts(with: $0.start) }) { return form.name }
    if prefix.starts(with: "RIFF".utf8), prefix.dropFirst(8).starts(with: "WEBP".utf8) { return "WebP" }
    return prefix.dropFirst(4).starts(with: "ftyp".utf8) ? "HEIC or AVIF" : nil
  }

  init(reading prefix: some Collection<UInt8>, path: String) throws(FileError) {
    if let form = PictureForm(prefix: prefix) {
      self = form
      return
    }
    if let form = Self.foreign(prefix: prefix) { throw FileError(path, "is a \(form) picture: PNG and JPEG are read") }
    throw FileKind.mistaken(Array(prefix), path: path, for: "a picture")
      ?? FileError(path, "is no picture: PNG and JPEG are read")
  }
}
