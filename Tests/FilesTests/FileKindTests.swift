import Files
import Foundation
import TestSupport
import Testing

@Suite("A file of another form is named for what it is")
struct FileKindTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// A local entry of a ZIP archive of a name.
  private static func zip(_ name: String) -> [UInt8] {
    [0x50, 0x4B, 3, 4] + [UInt8](repeating: 0, count: 22) + [UInt8(name.utf8.count), 0, 0, 0] + Array(name.utf8)
  }

  private static let page = "\u{FEFF}\n <!DOCTYPE HTML><html lang=en><title>Sign in</title></html>"
  private static let pointer = """
    version https://git-lfs.github.com/spec/v1
    oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393
    size 12345

    """

  /// The beginning of a file of each form.
  static let heads: [(FileKind, [UInt8])] = [
    (.lfsPointer, Array(pointer.utf8)), (.webPage, Array(page.utf8)), (.npz, zip("arr_0.npy")),
    (.pyTorchArchive, zip("archive/data.pkl")), (.zip, zip("readme.txt")),
    (.npy, [0x93] + Array("NUMPY\u{1}\u{0}".utf8)), (.pickle, [0x80, 2, 0x7D, 0x71, 0]), (.pickle, [0x80, 4, 0x95, 1]),
    (.hdf5, [0x89] + Array("HDF\r\n\u{1A}\n".utf8)), (.gzip, [0x1F, 0x8B, 8, 0]),
    (.xz, [0xFD] + Array("7zXZ\u{0}".utf8)),
    (.bzip2, Array("BZh91AY".utf8)), (.zstandard, [0x28, 0xB5, 0x2F, 0xFD]),
    (.tar, [UInt8](repeating: 0x61, count: 257) + Array("ustar\u{0}00".utf8)),
    (.png, [0x89] + Array("PNG\r\n\u{1A}\n".utf8)), (.jpeg, [0xFF, 0xD8, 0xFF, 0xE0]), (.gif, Array("GIF89a".utf8)),
    (.tiff, [0x49, 0x49, 0x2A, 0, 8]), (.tiff, [0x4D, 0x4D, 0, 0x2A, 0]),
    (.heif, [0, 0, 0, 0x1C] + Array("ftypavif".utf8)),
    (.jpegXL, [0xFF, 0x0A, 1]), (.netpbm, Array("P6\n4 4".utf8)), (.netpbm, Array("P5\n4 4".utf8)),
    (.bmp, Array("BM\u{1}\u{1}".utf8)), (.webP, Array("RIFF\u{1}\u{1}\u{1}\u{1}WEBPVP8 ".utf8)),
    (.elf, [0x7F] + Array("ELF\u{2}".utf8)),
    (.pdf, Array("%PDF-1.7".utf8)),
  ]

  @Test("Every form is recognised by its first bytes, and no cut of them is taken for another")
  func recognised() {
    #expect(Set(Self.heads.map(\.0)) == Set(FileKind.allCases))
    for (kind, head) in Self.heads {
      #expect(FileKind(head) == kind)
      for count in head.indices {
        let found = FileKind(head[..<count])
        #expect(found == nil || found == kind || found == .zip, "\(count) bytes of \(kind)")
      }
    }
    for other in ["", "{", "Entry not found", "<svg>", "version 2"] { #expect(FileKind(Array(other.utf8)) == nil) }
  }

  /// The line with which a reader refuses a file.
  private func refusal(_ head: [UInt8], _ read: (String) throws -> Void) throws -> String {
    let path = folder.path("file")
    try OutputFile.write(head + [UInt8](repeating: 0x20, count: 600), to: path)
    let error = #expect(throws: FileError.self) { try read(path) }
    return error?.description ?? ""
  }

  @Test("Every reader says what it was given in place of its own form")
  func readers() throws {
    let readers: [(own: [FileKind], (String) throws -> Void)] = [
      ([], { _ = try SafetensorsFile($0) }), ([], { _ = try JSONValue(contentsOf: $0) }),
      ([.npy], { _ = try NumpyArray(contentsOf: $0) }), ([.npz, .zip], { _ = try NumpyArchive.array(nil, in: $0) }),
      ([.png], { _ = try PNGImage(contentsOf: $0) }),
    ]
    for (own, read) in readers {
      for (kind, head) in Self.heads where !own.contains(kind) {
        let line = try refusal(head, read)
        #expect(line.contains("is \(kind.name), not "), "\(line)")
      }
    }
  }

  @Test("What helps is said where it is known")
  func advice() throws {
    let line = try refusal(Array(Self.pointer.utf8)) { _ = try SafetensorsFile($0) }
    #expect(line.contains("git lfs pull"))
    #expect(
      try refusal(Array(Self.page.utf8)) { _ = try JSONValue(contentsOf: $0) }.contains("download the file itself"))
  }
}
