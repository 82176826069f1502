import Datasets
import Files
import Foundation
import Tensors
import TestSupport
import Testing

@Suite("Images are brought to one size and colour on reading")
struct ImageFitTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func values(_ path: String, _ reading: ImageReading) throws -> [Float] {
    let source = try Dataset.open(path, reading)
    return try source.next(source.count)
  }

  /// One picture in the order of models, from one whose channels are innermost.
  private func planar(_ array: NumpyArray) -> [Float] {
    let channels = array.shape[2], floats = array.floats
    return (0..<channels).flatMap { channel in
      stride(from: channel, to: floats.count, by: channels).map { floats[$0] / 127.5 - 1 }
    }
  }

  @Test(
    "A picture has the values of Pillow's BOX filter and grey (Fixtures/pictures/make.py)",
    arguments: [1, 2, 7, 10, 16, 28, 29])
  func pillow(side: Int) throws {
    let photo = Fixtures.path("pictures/photo.png"), golden = Fixtures.path("pictures/fitted.npz")
    for color in [nil, ImageReading.Color.rgb, .gray] {
      let expected = try NumpyArchive.array("\(color == .gray ? "gray" : "rgb")\(side)", in: golden)
      #expect(try values(photo, .init(resize: side, color: color)) == planar(expected))
    }
  }

  @Test("Every source is brought to the same values: IDX, CIFAR, array, PNG")
  func sources() throws {
    let pixels = (0..<3072).map { (place: Int) -> UInt8 in UInt8((place * place / 7 + place / 13) % 256) }
    try OutputFile.write([3] + pixels, to: folder.path("x.bin"))
    try OutputFile.write(
      NumpyArray(pixels.map { Float($0) / 127.5 - 1 }, shape: [1, 3, 32, 32]).encoded(), to: folder.path("x.npy"))
    let interleaved = (0..<1024).flatMap { place -> [UInt8] in (0..<3).map { pixels[$0 * 1024 + place] } }
    try OutputFile.write(
      PNGImage(width: 32, height: 32, channels: 3, pixels: interleaved).encoded(), to: folder.path("x.png"))
    for color in [nil, ImageReading.Color.rgb, .gray] {
      for side in [nil, 5, 16, 32] {
        let all = try ["x.bin", "x.npy", "x.png"].map {
          try values(folder.path($0), .init(resize: side, color: color))
        }
        let channels = color == .gray ? 1 : 3, extent = side ?? 32
        #expect(all[0].count == channels * extent * extent)
        #expect(all[0] == all[1] && all[0] == all[2])
      }
    }
    #expect(try Dataset.open(folder.path("x.bin"), .init(resize: 5)).labels() == [3])
    let grey = Array(pixels[..<1024])
    try OutputFile.write([0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 32, 0, 0, 0, 32] + grey, to: folder.path("x-images"))
    try OutputFile.write(PNGImage(width: 32, height: 32, channels: 1, pixels: grey).encoded(), to: folder.path("g.png"))
    let one = try values(folder.path("x-images"), .init(resize: 8, color: .gray))
    #expect(try values(folder.path("g.png"), .init(resize: 8)) == one)
    #expect(try values(folder.path("x-images"), .init(resize: 8, color: .rgb)) == one + one + one)
  }

  @Test("What is no byte is averaged without rounding")
  func floats() throws {
    try OutputFile.write(NumpyArray([0.1, 0.2, 0.3, 0.5], shape: [1, 1, 2, 2]).encoded(), to: folder.path("x.npy"))
    #expect(abs(try values(folder.path("x.npy"), .init(resize: 1))[0] - 0.275) < 1e-7)
    try OutputFile.write(NumpyArray([0.1, 0.2, 0.5], shape: [1, 3, 1, 1]).encoded(), to: folder.path("c.npy"))
    // ITU-R BT.601: 0.299 R + 0.587 G + 0.114 B.
    #expect(abs(try values(folder.path("c.npy"), .init(layout: .channelsFirst, color: .gray))[0] - 0.2043) < 1e-4)
    let words = try values(Fixtures.path("foreign/grey16.png"), .init())
    let expected = (0..<15).map { (step: Int) -> Float in Float(step * 17) / 127.5 - 1 }
    #expect(words == expected)
  }

  @Test(
    "Enlarging, sizes of none, and colours of other numbers of channels are refused",
    arguments: [0, -1, 30, Int.max, .min])
  func refused(side: Int) throws {
    let photo = Fixtures.path("pictures/photo.png")
    let error = #expect(throws: ImageReadingError.self) { try Dataset.open(photo, .init(resize: side)) }
    #expect(error?.path == photo && error?.option == .resize)
    try OutputFile.write(NumpyArray([1, 0], shape: [1, 2, 1, 1]).encoded(), to: folder.path("x.npy"))
    #expect(throws: (any Error).self) {
      try Dataset.open(folder.path("x.npy"), .init(layout: .channelsFirst, color: .gray))
    }
  }
}
