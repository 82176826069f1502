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

  /// The form that a file's first bytes are of, or nil for none of these.
  public init?(prefix: some RandomAccessCollection<UInt8>) {
    switch FileKind(prefix) {
    case .png: self = .png
    case .jpeg: self = .jpeg
    default: return nil
    }
  }

  /// The form of a file that is wanted as a picture.
  ///
  /// - Throws: ``FileError`` that says what it is instead.
  init(reading bytes: UnsafeRawBufferPointer, path: String) throws(FileError) {
    if let form = PictureForm(prefix: bytes) {
      self = form
      return
    }
    if let kind = FileKind(bytes), kind.isPicture { throw FileError(path, "is \(kind.name): PNG and JPEG are read") }
    throw FileKind.mistaken(bytes, path: path, for: "a picture")
      ?? FileError(path, "is no picture: PNG and JPEG are read")
  }

  /// The error of a file whose first bytes are of a form of picture that is not read, or nil.
  public static func foreign(_ prefix: some RandomAccessCollection<UInt8>, path: String) -> FileError? {
    guard let kind = FileKind(prefix), kind.isPicture, PictureForm(prefix: prefix) == nil else { return nil }
    return FileError(path, "is \(kind.name); PNG and JPEG are read")
  }
}
