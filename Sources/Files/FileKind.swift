/// A form of file that a reader may be given in place of its own, recognised by its first bytes.
///
/// It only words errors: what a file is read as follows from its name or from who asks.
public enum FileKind: CaseIterable, Sendable {
  /// What Git LFS leaves in place of a file that was not fetched.
  case lfsPointer
  /// A page of a web site, mostly one that says why there is no download.
  case webPage
  /// Arrays of NumPy in a ZIP archive.
  case npz
  /// PyTorch's weights: a pickle and its data in a ZIP archive.
  case pyTorchArchive
  /// A ZIP archive of anything else.
  case zip
  /// One array of NumPy.
  case npy
  /// A pickled object of Python.
  case pickle
  /// Hierarchical Data Format, as Keras writes weights.
  case hdf5
  /// Compressed by gzip.
  case gzip
  /// Compressed by xz.
  case xz
  /// Compressed by bzip2.
  case bzip2
  /// Compressed by Zstandard.
  case zstandard
  /// A tar archive.
  case tar
  /// A PNG picture.
  case png
  /// A JPEG picture.
  case jpeg
  /// A GIF picture.
  case gif
  /// A WebP picture.
  case webP
  /// A TIFF picture.
  case tiff
  /// A picture in ISO's media format: HEIC or AVIF.
  case heif
  /// A JPEG XL picture.
  case jpegXL
  /// A picture of netpbm.
  case netpbm
  /// A bitmap of Windows.
  case bmp
  /// A program or library of Linux.
  case elf
  /// A PDF document.
  case pdf

  /// Recognises a form, or nil if the bytes begin like none of them.
  ///
  /// - Parameter bytes: The beginning of the file; 512 bytes are enough.
  public init?(_ bytes: some RandomAccessCollection<UInt8>) {
    let head = Array(bytes.prefix(512))
    guard let kind = Self.allCases.first(where: { $0.matches(head) }) else { return nil }
    self = kind
  }

  /// What the file is, such as `a Git LFS pointer`.
  public var name: String {
    switch self {
    case .lfsPointer: "a Git LFS pointer"
    case .webPage: "a web page (HTML)"
    case .npz: "an .npz archive of NumPy arrays"
    case .pyTorchArchive: "a PyTorch archive of pickled weights"
    case .zip: "a ZIP archive"
    case .npy: "a .npy array of NumPy"
    case .pickle: "a Python pickle"
    case .hdf5: "an HDF5 file"
    case .gzip: "compressed by gzip"
    case .xz: "compressed by xz"
    case .bzip2: "compressed by bzip2"
    case .zstandard: "compressed by Zstandard"
    case .tar: "a tar archive"
    case .png: "a PNG picture"
    case .jpeg: "a JPEG picture"
    case .gif: "a GIF picture"
    case .webP: "a WebP picture"
    case .tiff: "a TIFF picture"
    case .heif: "a HEIC or AVIF picture"
    case .jpegXL: "a JPEG XL picture"
    case .netpbm: "a netpbm picture"
    case .bmp: "a BMP picture"
    case .elf: "a program or library (ELF)"
    case .pdf: "a PDF document"
    }
  }

  /// Whether it is a picture.
  var isPicture: Bool {
    switch self {
    case .png, .jpeg, .gif, .webP, .tiff, .heif, .jpegXL, .netpbm, .bmp: true
    default: false
    }
  }

  /// What to do about it, or nil where that follows from what is wanted.
  private var advice: String? {
    switch self {
    case .lfsPointer: "fetch the file itself with `git lfs pull`"
    case .webPage: "download the file itself, not the page about it"
    case .pyTorchArchive, .pickle: "it is not read here; convert it with the library that wrote it"
    case .gzip, .xz, .bzip2, .zstandard, .tar, .zip: "unpack it first"
    default: nil
    }
  }

  /// The error of a reader that was given a file of another form, or nil if the bytes begin like no form that is known.
  ///
  /// - Parameters:
  ///   - bytes: The beginning of the file.
  ///   - path: The file.
  ///   - wanted: What the reader reads, such as `a PNG picture`.
  public static func mistaken(
    _ bytes: some RandomAccessCollection<UInt8>, path: String, for wanted: String
  ) -> FileError? {
    guard let kind = FileKind(bytes) else { return nil }
    let advice = kind.advice.map { "; \($0)" } ?? ""
    return FileError(path, "is \(kind.name), not \(wanted)\(advice)")
  }

  private func matches(_ head: [UInt8]) -> Bool {
    switch self {
    case .lfsPointer: head.starts(with: "version https://git-lfs".utf8)
    case .webPage: Self.isMarkup(head)
    case .npz: Self.isZip(head) && Self.holds(".npy", head)
    case .pyTorchArchive: Self.isZip(head) && Self.holds("/data.pkl", head)
    case .zip: Self.isZip(head)
    case .npy: head.starts(with: [0x93] + Array("NUMPY".utf8))
    // Protocol 2 and later begin by their number and an opcode: a frame, or one of those that begin an object.
    case .pickle:
      head.count > 2 && head[0] == 0x80 && (2...5).contains(head[1])
        && [0x95, 0x7D, 0x5D, 0x63, 0x28, 0x8A].contains(head[2])
    case .hdf5: head.starts(with: [0x89] + Array("HDF\r\n\u{1A}\n".utf8))
    case .gzip: head.starts(with: [0x1F, 0x8B, 8])
    case .xz: head.starts(with: [0xFD] + Array("7zXZ\0".utf8))
    case .bzip2: head.starts(with: "BZh".utf8)
    case .zstandard: head.starts(with: [0x28, 0xB5, 0x2F, 0xFD])
    case .tar: head.count > 262 && head[257..<262].elementsEqual("ustar".utf8)
    // Whether the rest of the signature was damaged in transfer is libpng's to say.
    case .png: head.starts(with: [0x89] + Array("PNG".utf8))
    case .jpeg: head.starts(with: [0xFF, 0xD8, 0xFF])
    case .gif: head.starts(with: "GIF8".utf8)
    case .webP: head.starts(with: "RIFF".utf8) && head.dropFirst(8).starts(with: "WEBP".utf8)
    case .tiff: head.starts(with: [0x49, 0x49, 0x2A, 0]) || head.starts(with: [0x4D, 0x4D, 0, 0x2A])
    case .heif: head.dropFirst(4).starts(with: "ftyp".utf8)
    case .jpegXL: head.starts(with: [0xFF, 0x0A])
    case .netpbm: head.starts(with: "P5\n".utf8) || head.starts(with: "P6\n".utf8)
    case .bmp: head.starts(with: "BM".utf8)
    case .elf: head.starts(with: [0x7F] + Array("ELF".utf8))
    case .pdf: head.starts(with: "%PDF-".utf8)
    }
  }

  /// Whether a local entry of a ZIP archive begins here.
  private static func isZip(_ head: [UInt8]) -> Bool { head.starts(with: [0x50, 0x4B, 3, 4]) }

  /// Whether the name of a ZIP archive's first entry ends in a text.
  private static func holds(_ ending: String, _ head: [UInt8]) -> Bool {
    guard head.count > 30 else { return false }
    let length = Int(head[26]) | Int(head[27]) << 8
    return String(decoding: head.dropFirst(30).prefix(length), as: UTF8.self).hasSuffix(ending)
  }

  /// Whether the text begins as HTML does, whatever the case of its letters, after white space and a byte order mark.
  private static func isMarkup(_ head: [UInt8]) -> Bool {
    let text = head.drop { [0xEF, 0xBB, 0xBF, 0x20, 0x09, 0x0A, 0x0D].contains($0) }.prefix(16)
    let start = String(decoding: text, as: UTF8.self).lowercased()
    return ["<!doctype html", "<html", "<head", "<body"].contains(where: start.hasPrefix)
  }
}
