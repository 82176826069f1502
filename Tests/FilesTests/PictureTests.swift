import Files
import TestSupport
import Testing

@Suite("Pictures keep what their files hold (Fixtures/pictures/make.py)")
struct PictureTests {
  static let jpegs = ["grey", "halved", "full", "progressive"]

  private func path(_ name: String) -> String { Fixtures.path("pictures/\(name)") }

  private func parse(_ bytes: [UInt8]) throws -> Picture {
    try bytes.withUnsafeBytes { try Picture(parsing: $0, path: "x") }
  }

  private func fault(_ bytes: [UInt8]) -> String? {
    let error = #expect(throws: FileError.self) { try self.parse(bytes) }
    #expect(error?.description.contains("\n") == false)
    return error?.fault
  }

  @Test("A JPEG has the values of libjpeg's decoder, bit for bit", arguments: jpegs)
  func decoded(name: String) throws {
    let expected = try NumpyArchive.array(name, in: path("decoded.npz"))
    let picture = try Picture(contentsOf: path("\(name).jpg"))
    #expect(picture.extents.width == 37 && picture.extents.height == 29)
    #expect(picture.extents.channels == (name == "grey" ? 1 : 3))
    guard case .bytes(let bytes) = picture.samples else { throw FileError(name, "has no bytes") }
    #expect(expected.values == .bytes(bytes))
    #expect(try Picture.extents(contentsOf: path("\(name).jpg")) == picture.extents)
  }

  @Test("A JPEG that is cut short anywhere is an error", arguments: jpegs)
  func cut(name: String) throws {
    let bytes = try fileBytes(path("\(name).jpg"))
    for count in 1..<bytes.count { _ = fault(Array(bytes[..<count])) }
    for index in bytes.indices {
      for change in [UInt8(0xFF), 0x80, 0x01] {
        var changed = bytes
        changed[index] ^= change
        // Some changes make another picture; none may trap.
        _ = try? parse(changed)
      }
    }
  }

  @Test("What libjpeg warns of is an error: bytes that belong to nothing before a marker")
  func warnings() throws {
    let bytes = try fileBytes(path("grey.jpg"))
    // Behind the first segment, which is 18 bytes long.
    #expect(fault(Array(bytes[..<20]) + [1, 2, 3] + bytes[20...])?.contains("3 extraneous bytes") == true)
  }

  @Test("CMYK, and what is no PNG and no JPEG, are refused in words")
  func foreign() throws {
    #expect(fault(try fileBytes(path("cmyk.jpg")))?.contains("CMYK") == true)
    #expect(fault(Array("GIF89a, and so on".utf8)) == "is a GIF picture: PNG and JPEG are read")
    #expect(fault(Array("RIFF....WEBPVP8 ".utf8)) == "is a WebP picture: PNG and JPEG are read")
    #expect(fault([0, 5, 22, 7, 0, 2, 0, 0]) == "is no picture: PNG and JPEG are read")
  }

  @Test("A JPEG of no bytes to speak of cannot ask for gigabytes")
  func hugeJPEG() throws {
    var bytes = try fileBytes(path("progressive.jpg"))
    let frame = try #require(bytes.indices.dropLast().first { bytes[$0] == 0xFF && bytes[$0 + 1] == 0xC2 })
    // Marker, length, precision, then height and width: 8,192 x 8,192.
    bytes.replaceSubrange(frame + 5..<frame + 9, with: [0x20, 0, 0x20, 0])
    #expect(fault(bytes)?.contains("cut short") == true)
    bytes.replaceSubrange(frame + 5..<frame + 9, with: [0xFF, 0, 0xFF, 0])
    #expect(fault(bytes)?.contains("too many pixels") == true)
  }

  @Test("A PNG of 16 bits keeps them, and is rounded only as a picture of bytes")
  func words() throws {
    let picture = try Picture(contentsOf: Fixtures.path("foreign/grey16.png"))
    #expect(picture.samples == .words((0..<15).map { UInt16($0 * 17 * 257) }))
    #expect(picture.extents == (try Picture.extents(contentsOf: Fixtures.path("foreign/grey16.png"))))
  }

  @Test(
    "A PNG with a chunk that passes its end is cut short, whatever the chunk",
    arguments: ["texts", "palette", "interlaced"]
  )
  func lyingChunks(name: String) throws {
    let bytes = try fileBytes(Fixtures.path("foreign/\(name).png"))
    var place = 8, chunks = 0
    while place < bytes.count {
      let length = bytes[place..<place + 4].reduce(0) { $0 << 8 | Int($1) }
      for lie in [[0x7F, 0xFF, 0xFF, 0xF0], [0xFF, 0xFF, 0xFF, 0xFF], [0, 0, 0xFF, 0xFF]] as [[UInt8]] {
        var changed = bytes
        changed.replaceSubrange(place..<place + 4, with: lie)
        #expect(fault(changed)?.contains("cut short") == true)
      }
      place += 12 + length
      chunks += 1
    }
    #expect(place == bytes.count && chunks > 2)
  }

  @Test("A PNG of more pixels than are read is refused by its header")
  func tooManyPixels() throws {
    // 65,536 x 4,096 pixels of a bit, with as many bytes as could hold them.
    func file(height: UInt8) -> [UInt8] {
      let header: [UInt8] = [0, 1, 0, 0, 0, 0, height, 0, 1, 0, 0, 0, 0]
      return [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A] + chunk("IHDR", header)
        + chunk("IDAT", [UInt8](repeating: 0, count: 40_000)) + chunk("IEND", [])
    }
    let folder = try TemporaryFolder()
    try OutputFile.write(file(height: 8), to: folder.path("fits.png"))
    #expect(try Picture.extents(contentsOf: folder.path("fits.png")).height == 2048)
    #expect(fault(file(height: 16))?.contains("too many pixels") == true)
  }

  private func chunk(_ name: String, _ data: [UInt8]) -> [UInt8] {
    let body = Array(name.utf8) + data
    var sum = UInt32.max
    for byte in body {
      sum ^= UInt32(byte)
      for _ in 0..<8 { sum = sum >> 1 ^ (sum & 1 == 1 ? 0xEDB8_8320 : 0) }
    }
    func word(_ value: UInt32) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * $0)) } }
    return word(UInt32(data.count)) + body + word(~sum)
  }
}
