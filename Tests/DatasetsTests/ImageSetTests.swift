import Datasets
import Files
import Foundation
import Tensors
import TestSupport
import Testing

@Suite("Images in memory")
struct ImageSetTests {
  let folder: TemporaryFolder
  static let shape = ImageShape(channels: 1, height: 2, width: 3)

  init() throws { folder = try TemporaryFolder() }

  private func set(_ array: NumpyArray) throws -> ImageSet {
    try OutputFile.write(array.encoded(), to: folder.path("images.npy"))
    return try ImageSet(Dataset.open(folder.path("images.npy"), .init(layout: .channelsFirst)))
  }

  private func check(_ set: ImageSet, _ values: [Float]) {
    #expect(set.count * 6 == values.count && set.shape == Self.shape && set.labels.isEmpty)
    #expect(set.values == values)
    #expect(set.values(of: 1..<2) == Array(values[6..<12]))
    let image = [Float](unsafeUninitializedCapacity: 6) { destination, count in
      set.copy(1, into: .init(rebasing: destination[..<6]))
      count = 6
    }
    #expect(image == Array(values[6..<12]))
  }

  @Test("All bytes come back as they were")
  func bytes() throws {
    let bytes = (0..<258).map { UInt8($0 % 256) }
    try OutputFile.write(ImageSourceTests.idx(43, pixels: bytes), to: folder.path("images"))
    check(try ImageSet(Dataset.open(folder.path("images"))), bytes.map { Float($0) / 127.5 - 1 })
  }

  @Test("Numbers come back bit for bit, also where they are almost bytes, and where only the last ones are no bytes")
  func floats() throws {
    let almost = (0..<12).map { (Float($0) / 127.5 - 1).nextUp }
    check(try set(NumpyArray(almost, shape: [2, 1, 2, 3])), almost)
    let late = [Float](repeating: 51 / 127.5 - 1, count: 6 * 1001) + [0.1, 0, 0.2, 0.3, -0.2, 0.5]
    check(try set(NumpyArray(late, shape: [1002, 1, 2, 3])), late)
  }

  @Test("Labels are read where they are wanted, and must be as many as the images")
  func labels() throws {
    try OutputFile.write(
      ImageSourceTests.idx(2, pixels: .init(repeating: 7, count: 12)), to: folder.path("t10k-images-idx3-ubyte"))
    try OutputFile.write([0, 0, 8, 1, 0, 0, 0, 2, 4, 1], to: folder.path("t10k-labels-idx1-ubyte"))
    let set = try ImageSet(Dataset.open(folder.url.path))
    #expect(set.labels == [[4, 1]] && set.classCount(0) == 5)
    try OutputFile.write([0, 0, 8, 1, 0, 0, 0, 1, 4], to: folder.path("t10k-labels-idx1-ubyte"))
    #expect(throws: FileError.self) { try ImageSet(Dataset.open(self.folder.url.path)) }
    #expect(try ImageSet(Dataset.open(folder.url.path), readsLabels: false).labels.isEmpty)
  }
}
