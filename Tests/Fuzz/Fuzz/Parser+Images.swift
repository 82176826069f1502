import DiffuseGPU
import Foundation

extension Parser {
  /// Images and data sets.
  ///
  /// Inputs are short, because deflate packs a thousand pixels into a byte.
  static let images: [Parser] = [
    Parser("png", longestInput: 2048) {
      try fixtures("foreign", ending: ".png")
    } read: { bytes in
      try readPicture(bytes)
      _ = try? PNGImage(parsing: bytes, path: "input").encoded(texts: ["Software": "fuzz"])
      _ = try withFile("input.png", bytes) { try PNGImage.texts(contentsOf: $0) }
    },
    Parser("jpeg") {
      try fixtures("pictures", ending: ".jpg").filter { $0.count < 3000 }.reversed()
    } read: { bytes in
      try readPicture(bytes)
    },
    Parser("array-images") {
      let arrays = [
        NumpyArray([Float](repeating: 0.5, count: 2 * 3 * 4 * 4), shape: [2, 3, 4, 4]).encoded(),
        NumpyArray.encoded(bytes: [UInt8](repeating: 7, count: 2 * 4 * 4 * 3), shape: [2, 4, 4, 3]),
        NumpyArray.encoded(integers: [Int](0..<32), shape: [2, 4, 4]),
      ]
      // The first byte says how the rest is read.
      return arrays.map { [0] + $0 } + arrays.enumerated().map { [UInt8(5 * $0.offset + 1)] + $0.element }
    } read: { bytes in
      guard let first = bytes.first else { return }
      try withFile("input.npy", .init(rebasing: bytes.dropFirst())) { path in
        try drain(Dataset.open(path, reading(first), channels: first < 128 ? nil : 3, clamps: first % 2 == 1))
      }
    },
    Parser("archive-images") {
      var archive = NumpyArchive()
      archive.add("x_train", npy: NumpyArray.encoded(bytes: [UInt8](repeating: 9, count: 48), shape: [3, 4, 4]))
      archive.add("y_train", npy: NumpyArray.encoded(integers: [0, 1, 2], shape: [3]))
      return [[0] + (try archive.encoded(path: "seed"))]
    } read: { bytes in
      guard let first = bytes.first else { return }
      try withFile("input.npz", .init(rebasing: bytes.dropFirst())) { path in
        try drain(Dataset.open(path, reading(first)))
      }
    },
    Parser("idx") {
      let images: [UInt8] = [0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 4, 0, 0, 0, 4] + [UInt8](0..<32)
      let labels: [UInt8] = [0, 0, 8, 1, 0, 0, 0, 2, 5, 9]
      let foreign = try ["tiny-images-idx3-ubyte.gz", "tiny-labels-idx1-ubyte"].flatMap {
        try fixtures("foreign", ending: $0)
      }
      return [joined([images, labels]), joined(foreign)]
    } read: { bytes in
      let names = ["train-images-idx3-ubyte", "train-labels-idx1-ubyte"]
      let files = parts(of: bytes, names)
      let none = UnsafeRawBufferPointer(start: nil, count: 0)
      try withFile(names[0], files[names[0]] ?? none) { path in
        try withFile(names[1], files[names[1]] ?? none) { _ in try drain(Dataset.open(path)) }
      }
    },
    Parser("cifar", longestInput: 6200) {
      [[UInt8](repeating: 3, count: 3073), [UInt8](repeating: 5, count: 3074), [UInt8](repeating: 1, count: 2 * 3073)]
    } read: { bytes in
      try withFile("data_batch_1.bin", bytes) { try drain(Dataset.open($0)) }
    },
  ]

  private static func readPicture(_ bytes: UnsafeRawBufferPointer) throws {
    let extents = try withFile("picture", bytes) { try Picture.extents(contentsOf: $0) }
    let picture = try Picture(parsing: bytes, path: "input")
    try BrokenPromise.unless(extents == picture.extents, "the header's extents are those of the picture")
    let count =
      switch picture.samples {
      case .bytes(let samples): samples.count
      case .words(let samples): samples.count
      }
    try BrokenPromise.unless(
      count == extents.width * extents.height * extents.channels, "a picture has as many values as its extents say")
  }

  /// A reading of the many, the one with number zero leaving all to the file.
  private static func reading(_ choice: UInt8) -> ImageReading {
    let number = Int(choice)
    return ImageReading(
      layout: [nil, .channelsFirst, .channelsLast][number % 3],
      range: [nil, .unit, .byte, .word, .model][number / 3 % 5],
      resize: number / 15 % 4 == 1 ? 3 : nil, color: [nil, .gray, .rgb][number / 60 % 3])
  }

  /// Reads all images and labels, whose values are then those of a model.
  private static func drain(_ source: any ImageSource) throws {
    try BrokenPromise.unless(source.count > 0 && source.shape.count > 0, "a source holds images")
    let images = try ImageSet(source)
    try BrokenPromise.unless(images.count == source.count, "as many images come as the source says")
    try BrokenPromise.unless(
      images.values(of: 0..<1).allSatisfy { $0.isFinite && abs($0) <= 1 }, "images are in the range of models")
  }
}
