import Datasets
import Files
import Foundation
import Tensors
import TestSupport
import Testing

@Suite("Images of arrays")
struct ArraySourceTests {
  let folder: TemporaryFolder
  private let shape = ImageShape(channels: 3, height: 4, width: 2)
  private let count = 5

  init() throws { folder = try TemporaryFolder() }

  /// Bytes of images, channels outermost; they hold both ends of the range.
  private var bytes: [Int] { (0..<count * shape.count).map { $0 == 0 ? 0 : $0 == 1 ? 255 : ($0 * 37 + 11) % 256 } }

  /// The same with the channels innermost.
  private func interleaved(_ values: [Int]) -> [Int] {
    let plane = shape.height * shape.width
    return (0..<values.count).map { place in
      let image = place / shape.count, rest = place % shape.count
      return values[image * shape.count + rest % shape.channels * plane + rest / shape.channels]
    }
  }

  private func extents(_ layout: ImageReading.Layout) -> [Int] {
    layout == .channelsFirst
      ? [count, shape.channels, shape.height, shape.width] : [count, shape.height, shape.width, shape.channels]
  }

  private func open(
    _ npy: [UInt8], _ reading: ImageReading = .init(), channels: Int? = nil, clamps: Bool = false,
    note: (String) -> Void = { _ in }
  ) throws -> any ImageSource {
    try OutputFile.write(npy, to: folder.path("x.npy"))
    return try Dataset.open(folder.path("x.npy"), reading, channels: channels, clamps: clamps, note: note)
  }

  @Test(
    "Every layout, type and range of the same pictures has the values of the bytes, bit for bit",
    arguments: ImageReading.Layout.allCases)
  func forms(layout: ImageReading.Layout) throws {
    let values = layout == .channelsFirst ? bytes : interleaved(bytes), extents = extents(layout)
    let expected = bytes.map { Float($0) / 127.5 - 1 }
    let forms: [([UInt8], ImageReading.ValueRange?)] = [
      (NumpyArray.encoded(bytes: values.map { UInt8($0) }, shape: extents), nil),
      (NumpyArray.encoded(bytes: values.map { UInt8($0) }, shape: extents), .byte),
      (NumpyArray.encoded(integers: values, shape: extents), nil),
      (NumpyArray.encoded(integers: values.map { $0 * 257 }, shape: extents), .word),
      (NumpyArray(values.map { Float($0) }, shape: extents).encoded(), .byte),
      (NumpyArray(values.map { Float($0) / 255 }, shape: extents).encoded(), .unit),
      (NumpyArray(values.map { Float($0) / 127.5 - 1 }, shape: extents).encoded(), nil),
      (NumpyArray(values.map { Float($0) / 127.5 - 1 }, shape: extents).encoded(), .model),
    ]
    for (place, (npy, range)) in forms.enumerated() {
      let source = try open(npy, .init(range: range))
      #expect(source.shape == shape)
      let read = try source.next(2) + source.next(10)
      #expect(try source.next(1).isEmpty)
      #expect(zip(read, expected).allSatisfy { abs($0 - $1) <= (place == 3 ? 1.2e-7 : 0) }, "form \(place)")
    }
  }

  @Test("Arrays of three extents are grey, and booleans are black and white")
  func grey() throws {
    let source = try open(NumpyArray.encoded(bytes: [0, 255, 51, 0, 0, 255], shape: [1, 2, 3]))
    #expect(source.shape == ImageShape(channels: 1, height: 2, width: 3))
    #expect(try source.next(1) == [-1, 1, 51 / 127.5 - 1, -1, -1, 1])
    var header = NumpyArray.encoded(bytes: [0, 1, 1, 0], shape: [1, 2, 2])
    let type = try #require(header.indices.first { header[$0...].starts(with: "|u1".utf8) })
    header[type + 1] = UInt8(ascii: "b")
    #expect(try open(header).next(1) == [-1, 1, 1, -1])
  }

  @Test("Where both layouts fit it must be said, unless the model's channels decide")
  func ambiguous() throws {
    let npy = NumpyArray.encoded(bytes: .init(repeating: 9, count: 3 * 8 * 3), shape: [1, 3, 8, 3])
    let error = #expect(throws: ImageReadingError.self) { try open(npy) }
    #expect(error?.option == .layout)
    #expect(try open(npy, .init(layout: .channelsLast)).shape == ImageShape(channels: 3, height: 3, width: 8))
    let four = NumpyArray.encoded(bytes: .init(repeating: 9, count: 64), shape: [1, 4, 2, 8])
    #expect(throws: ImageReadingError.self) { try open(four) }
    #expect(try open(four, channels: 4).shape == ImageShape(channels: 4, height: 2, width: 8))
    #expect(try open(four, channels: 8).shape == ImageShape(channels: 8, height: 4, width: 2))
  }

  @Test("Values beyond the range are refused, or clamped where samples of a model are read")
  func range() throws {
    let beyond = NumpyArray([0.5, -2, 3, 1], shape: [1, 1, 2, 2]).encoded()
    let error = #expect(throws: ImageReadingError.self) { try open(beyond) }
    #expect(error?.option == .range)
    var notes: [String] = []
    #expect(try open(beyond, clamps: true) { notes.append($0) }.next(1) == [0.5, -1, 1, 1])
    #expect(notes.count == 1)
    // Pictures of 0 to 255 are no samples of a model.
    let bytes = NumpyArray([0, 255, 100, 1], shape: [1, 1, 2, 2]).encoded()
    #expect(throws: ImageReadingError.self) { try open(bytes, clamps: true) }
    #expect(throws: ImageReadingError.self) { try open(NumpyArray.encoded(integers: [0, 256], shape: [1, 1, 2])) }
    for value in [Float.nan, .infinity] {
      #expect(throws: FileError.self) {
        try open(NumpyArray([0, value], shape: [1, 1, 2]).encoded(), clamps: true)
      }
    }
    notes = []
    _ = try open(NumpyArray([0, 1, 0.5, 1], shape: [1, 1, 2, 2]).encoded()) { notes.append($0) }
    #expect(notes.count == 1)
    #expect(throws: FileError.self) { try open(NumpyArray([1, 2], shape: [2]).encoded()) }
  }

  @Test("Images and labels of an archive go by customary names, or by those that are said")
  func archives() throws {
    let path = folder.path("x.npz")
    func write(_ arrays: [(String, [UInt8])]) throws {
      var archive = NumpyArchive()
      for (name, npy) in arrays { archive.add(name, npy: npy) }
      try archive.write(to: path)
    }
    let images = NumpyArray.encoded(bytes: .init(repeating: 7, count: 8), shape: [2, 2, 2])
    let labels = NumpyArray.encoded(integers: [3, 1], shape: [2, 1])
    for (x, y) in [("arr_0", "arr_1"), ("x_train", "y_train"), ("train_images", "train_labels"), ("images", "labels")] {
      try write([(y, labels), (x, images)])
      #expect(try Dataset.open(path).labels() == [3, 1], "\(x)")
    }
    try write([("a", images), ("b", labels)])
    #expect(throws: ImageReadingError.self) { try Dataset.open(path) }
    #expect(try Dataset.open(path, .init(array: "a")).labels() == nil)
    #expect(try Dataset.open(path, .init(array: "a", labelsArray: "b")).labels() == [3, 1])
    #expect(throws: FileError.self) { try Dataset.open(path, .init(array: "c")) }
    #expect(throws: FileError.self) { try Dataset.open(path, .init(array: "a", labelsArray: "a")).labels() }
    // A second array that holds no label for each image is left alone.
    try write([("arr_0", images), ("arr_1", NumpyArray.encoded(integers: [1], shape: [1]))])
    #expect(try Dataset.open(path).labels() == nil)
    // A folder that holds one array is that array.
    #expect(try Dataset.open(folder.url.path).count == 2)
  }
}
