import Files
import Foundation
import TestSupport
import Testing

@Suite("What is no file is refused at once", .timeLimit(.minutes(1)))
struct NoFileTests {
  /// Everything that reads a file by its path.
  static let readers: [(name: String, read: @Sendable (String) throws -> Void)] = [
    ("mapped", { _ = try MappedFile($0) }), ("stream", { _ = try ByteStream($0) }),
    ("npy", { _ = try NumpyArray(contentsOf: $0) }), ("npz", { _ = try NumpyArchive.array("arr_0", in: $0) }),
    ("safetensors", { _ = try SafetensorsFile($0) }), ("png", { _ = try PNGImage(contentsOf: $0) }),
    ("texts", { _ = try PNGImage.texts(contentsOf: $0) }), ("json", { _ = try JSONValue(contentsOf: $0) }),
  ]

  @Test("A FIFO, a folder and a device are no files, and nobody waits for them", arguments: readers.map(\.name))
  func refused(name: String) throws {
    let folder = try TemporaryFolder(), reader = try #require(Self.readers.first { $0.name == name })
    #expect(mkfifo(folder.path("fifo"), 0o600) == 0 && symlink("fifo", folder.path("link")) == 0)
    for path in [folder.path("fifo"), folder.path("link"), folder.url.path, "/dev/null"] {
      let error = #expect(throws: FileError.self) { try reader.read(path) }
      #expect(error?.description == "\(path): is not a file")
    }
  }
}

@Suite("Numbers in JSON")
struct JSONNumberTests {
  @Test("Every number comes back as it was written, bit for bit")
  func numbers() throws {
    var generator = SystemRandomNumberGenerator()
    let edges: [Double] = [
      0, -0.0, 1, -1, 0.1, 0x1p53, -0x1p53, 0x1p53 - 1, 1 - 0x1p53, 0x1p63, -0x1p63, 0x1p64, -0x1p64, .infinity,
      -.infinity,
      .leastNonzeroMagnitude, -.leastNormalMagnitude, .greatestFiniteMagnitude, -.greatestFiniteMagnitude,
      Double(Int.min),
    ]
    let random = (0..<2000).map { _ in Double(bitPattern: UInt64.random(in: 0...UInt64.max, using: &generator)) }
    let whole = (0..<2000).map { _ in Double(Int.random(in: Int.min...Int.max) >> Int.random(in: 0..<63)) }
    for number in edges + whole + random.filter({ !$0.isNaN }) {
      let text = JSONValue.number(number).line
      let again = try #require(try JSONValue(text, path: "x").double)
      #expect(again.bitPattern == number.bitPattern, "\(number) as \(text)")
    }
    #expect(JSONValue.number(.nan).line == "NaN")
    #expect(JSONValue.number(-3).line == "-3" && JSONValue.number(Double(Int.min)).line == "-9.223372036854776e+18")
  }
}
