import Files
import Foundation
import TestSupport
import Testing

@Suite("Files come back as they were written")
struct RoundTripTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test("Safetensors keep names, shapes and values, in every form that is written")
  func safetensors() throws {
    let values: [Float] = [0, -1.5, 3.25, 1024, 0.0001, -65504]
    var writer = SafetensorsWriter()
    writer.add("a", shape: [2, 3], values: values)
    writer.add("b.weight", shape: [6], values: values, as: .float16)
    writer.add("c", shape: [3, 2, 1], values: values, as: .bfloat16)
    try OutputFile.write(writer.encoded(), to: folder.path("x.safetensors"))
    let file = try SafetensorsFile(folder.path("x.safetensors"))
    #expect(file.metadata == ["format": "pt"])
    #expect(file.entries["a"]?.shape == [2, 3])
    for (name, rounded) in [
      ("a", values), ("b.weight", values.map { Float(half: $0.halfBits) }),
      ("c", values.map { Float(bitPattern: UInt32($0.brainBits) << 16) }),
    ] {
      let entry = try #require(file.entries[name])
      var read = [Float](repeating: .nan, count: entry.count)
      read.withUnsafeMutableBufferPointer { file.readFloats(entry, into: $0) }
      #expect(read == rounded)
    }
  }

  @Test("Every half comes back through 32 bits, and the nearest half is found")
  func halves() {
    for bits in UInt16.min...UInt16.max {
      let value = Float(half: bits)
      if value.isNaN { continue }
      #expect(value.halfBits == bits)
    }
    #expect(Float(65519).halfBits == 0x7BFF)
    #expect(Float(65520).halfBits == 0x7C00)
    #expect(Float(0x1p-25).halfBits == 0)
    #expect(Float(0x1.8p-25).halfBits == 1)
    #expect(Float.nan.halfBits & 0x7C00 == 0x7C00)
    #expect(Float(1 + 0x1p-11).halfBits == Float(1).halfBits)
    #expect(Float(1 + 0x3p-11).halfBits == Float(1 + 0x1p-9).halfBits)
  }

  @Test("npy arrays keep their shape and values")
  func npy() throws {
    let array = NumpyArray([1, 2, 3, 4, 5, -6.5], shape: [3, 1, 2])
    try OutputFile.write(array.encoded(), to: folder.path("x.npy"))
    let read = try NumpyArray(contentsOf: folder.path("x.npy"))
    #expect(read.shape == [3, 1, 2])
    #expect(read.floats == array.floats)
    #expect(read.integers == nil)
  }

  @Test("Pictures keep their pixels", arguments: [1, 3])
  func png(channels: Int) throws {
    let image = PNGImage(
      width: 5, height: 3, channels: channels, pixels: (0..<15 * channels).map { UInt8($0 * 255 / (15 * channels)) })
    let texts = ["diffuse-gpu": "{\"steps\": 10}", "Title": "zw\u{F6}lf"]
    try OutputFile.write(image.encoded(texts: texts), to: folder.path("x.png"))
    #expect(try PNGImage(contentsOf: folder.path("x.png")) == image)
    #expect(try PNGImage.texts(contentsOf: folder.path("x.png")) == texts)
  }

  @Test("The first frame of an animation is a picture of its own")
  func animation() throws {
    let frames = (0..<3).map {
      PNGImage(width: 4, height: 2, channels: 1, pixels: .init(repeating: UInt8($0), count: 8))
    }
    try OutputFile.write(AnimatedPNG.encoded(frames, milliseconds: [40, 40, 400]), to: folder.path("x.png"))
    #expect(try PNGImage(contentsOf: folder.path("x.png")) == frames[0])
  }

  @Test("An animation numbers its chunks, counts its frames and keeps their pictures and durations")
  func animationChunks() throws {
    let frames = (0..<3).map {
      PNGImage(width: 4, height: 2, channels: 1, pixels: .init(repeating: UInt8($0), count: 8))
    }
    let file = try AnimatedPNG.encoded(frames, milliseconds: [40, 50, 400], texts: ["Title": "x"])
    var chunks: [(type: String, data: [UInt8])] = []
    var position = 8
    while position < file.count {
      let length = file[position..<position + 4].reduce(0) { $0 << 8 | Int($1) }
      let type = String(decoding: file[position + 4..<position + 8], as: UTF8.self)
      chunks.append((type, Array(file[position + 8..<position + 8 + length])))
      position += 12 + length
    }
    #expect(chunks.map(\.type) == ["IHDR", "acTL", "iTXt", "fcTL", "IDAT", "fcTL", "fdAT", "fcTL", "fdAT", "IEND"])
    #expect(chunks[1].data == [0, 0, 0, 3, 0, 0, 0, 0])
    let numbered = chunks.filter { $0.type == "fcTL" || $0.type == "fdAT" }
    #expect(numbered.map { $0.data[3] } == [0, 1, 2, 3, 4])
    #expect(chunks.filter { $0.type == "fcTL" }.map { Int($0.data[20]) << 8 | Int($0.data[21]) } == [40, 50, 400])
    // The data of a later frame are those of its own picture.
    let own = try frames[2].encoded()
    #expect(own.indices.contains { own[$0...].starts(with: chunks[8].data.dropFirst(4)) })
  }

  @Test("JSON with Python's extra words is read, written and read again")
  func json() throws {
    let text = #"{"a": [1, 2.5, -Infinity, NaN, null], "b": {"c": "x\u00e9\n\"", "d": true}, "e": 1e-4}"#
    var bytes = Array(text.utf8)
    let value = try bytes.withUnsafeMutableBytes { try JSONValue(parsing: .init($0), path: "x.json") }
    #expect(value["a"]?.array?[2].double == -.infinity)
    #expect(value["a"]?.array?[0].int == 1)
    #expect(value["b"]?["c"]?.string == "x\u{E9}\n\"")
    #expect(value["missing"] == nil)
    var again = Array(value.text.utf8)
    let reread = try again.withUnsafeMutableBytes { try JSONValue(parsing: .init($0), path: "x.json") }
    #expect(reread.text == value.text)
  }
}
