import Files
import TestSupport
import Testing

@Suite("Files that others wrote are read: NumPy, Pillow, safetensors (Fixtures/foreign/make.py)")
struct ForeignFileTests {
  private func path(_ name: String) -> String { Fixtures.path("foreign/\(name)") }

  @Test(
    "Arrays of every type, in both byte orders and every version",
    arguments: [
      "le-f2", "le-f4", "le-f8", "be-f4", "be-f8", "le-i4", "le-i8", "be-i2", "u1", "i1", "version2", "version3",
    ])
  func types(name: String) throws {
    let array = try NumpyArray(contentsOf: path("\(name).npy"))
    #expect(array.shape == [2, 3])
    #expect(array.floats == [0, 1, 2, 3, 4, 5])
    #expect(array.integers == [0, 1, 2, 3, 4, 5])
  }

  @Test("Booleans, a scalar, and the column-major order of Fortran")
  func others() throws {
    #expect(try NumpyArray(contentsOf: path("b1.npy")).integers == [0, 1, 0, 1, 0, 1])
    let scalar = try NumpyArray(contentsOf: path("scalar.npy"))
    #expect(scalar.shape.isEmpty && scalar.floats == [2.5])
    let fortran = try NumpyArray(contentsOf: path("fortran.npy"))
    #expect(fortran.shape == [2, 3, 4])
    #expect(fortran.integers == Array(0..<24))
  }

  @Test("Archives with stored, deflated and ZIP64 entries", arguments: ["stored", "deflated", "zip64"])
  func archives(name: String) throws {
    for array in [nil, "arr_0"] {
      let images = try NumpyArchive.array(array, in: path("\(name).npz"))
      #expect(images.shape == [2, 2, 2, 3])
      #expect(images.values == .bytes((0..<24).map { $0 * 10 }))
    }
    if name == "deflated" { #expect(try NumpyArchive.array("labels", in: path("deflated.npz")).integers == [3, 5]) }
    let error = #expect(throws: FileError.self) { try NumpyArchive.array("other", in: path("\(name).npz")) }
    #expect(error?.fault.contains("arr_0") == true)
  }

  static let grey = (0..<15).map { UInt8($0 * 17) }
  static let rgb = grey.flatMap { [$0, 255 - $0, $0 / 2] }

  @Test(
    "Pictures of every kind become 8-bit grey or RGB",
    arguments: [
      ("texts", rgb), ("rgba", rgb), ("interlaced", rgb), ("palette", rgb), ("grey-alpha", grey), ("grey16", grey),
      ("bits", grey.map { $0 > 100 ? 255 : 0 }),
    ])
  func pictures(name: String, pixels: [UInt8]) throws {
    let image = try PNGImage(contentsOf: path("\(name).png"))
    #expect(image == PNGImage(width: 5, height: 3, channels: pixels.count / 15, pixels: pixels))
  }

  @Test("Text chunks of all three kinds are read, Latin-1 and UTF-8")
  func texts() throws {
    #expect(
      try PNGImage.texts(contentsOf: path("texts.png")) == [
        "Title": "caf\u{E9}", "Note": "\u{3B8} = \u{221A}2 - 1", "Long": String(repeating: "abc", count: 100),
      ])
    #expect(try PNGImage.texts(contentsOf: path("grey16.png")).isEmpty)
  }

  @Test("Safetensors of every type are listed, and the floating-point ones are read with PyTorch's rounding")
  func safetensors() throws {
    let file = try SafetensorsFile(path("all.safetensors"))
    #expect(
      file.entries.mapValues(\.type) == [
        "f32": .float32, "f16": .float16, "bf16": .bfloat16, "f64": .float64, "i64": .int64, "flag": .bool,
        "u8": .uint8, "f8": .float8E4M3, "empty": .float32, "scalar": .float32,
      ])
    #expect(file.entries["empty"]?.shape == [0, 3] && file.entries["scalar"]?.shape == [])
    // torch: numbers.half().float(), numbers.bfloat16().float()
    let numbers: [Float] = [0, -1.5, 3.25, 1024, 1e-4, -65504]
    for (name, expected) in [
      ("f32", numbers), ("f64", numbers), ("f16", [0, -1.5, 3.25, 1024, 0.00010001659393310547, -65504]),
      ("bf16", [0, -1.5, 3.25, 1024, 0.00010013580322265625, -65536]), ("scalar", [2.5]), ("empty", []),
    ] as [(String, [Float])] {
      let entry = try #require(file.entries[name])
      var read = [Float](repeating: .nan, count: entry.count)
      read.withUnsafeMutableBufferPointer { file.readFloats(entry, into: $0) }
      #expect(read == expected, "\(name)")
    }
  }
}
