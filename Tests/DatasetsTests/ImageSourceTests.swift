import Datasets
import Files
import Foundation
import HostMath
import Tensors
import TestSupport
import Testing

@Suite("Images from files")
struct ImageSourceTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func images(_ source: any ImageSource, by batch: Int = 3) throws -> [Float] {
    var all: [Float] = []
    while true {
      let next = try source.next(batch)
      if next.isEmpty { return all }
      all += next
    }
  }

  /// What stands before the pixels of an IDX file of images.
  static func header(_ count: UInt16, height: UInt16, width: UInt16) -> [UInt8] {
    [0, 0, 8, 3] + [count, height, width].flatMap { [0, 0, UInt8($0 >> 8), UInt8($0 & 255)] }
  }

  static func idx(_ count: UInt8, height: UInt8 = 2, width: UInt8 = 3, pixels: [UInt8]) -> [UInt8] {
    [0, 0, 8, 3, 0, 0, 0, count, 0, 0, 0, height, 0, 0, 0, width] + pixels
  }

  @Test("IDX images are scaled to [-1, 1]")
  func idx() throws {
    let path = folder.path("images-idx3-ubyte")
    try OutputFile.write(Self.idx(2, pixels: [0, 255, 51, 0, 0, 0, 255, 255, 255, 255, 255, 255]), to: path)
    let source = try Dataset.open(path)
    #expect(source.shape == ImageShape(channels: 1, height: 2, width: 3))
    #expect(source.count == 2)
    #expect(try images(source, by: 1) == [-1, 1, 51 / 127.5 - 1, -1, -1, -1, 1, 1, 1, 1, 1, 1])
  }

  @Test("IDX files that lie about their length are errors that name them")
  func badIDX() throws {
    let good = Self.idx(2, pixels: .init(repeating: 7, count: 12))
    for (name, bytes) in [
      ("short", Array(good.dropLast())), ("long", good + [0]), ("empty", []), ("header", Array(good[..<9])),
      ("labels", [0, 0, 8, 1] + good[4...]), ("huge", [0, 0, 8, 3, 0xFF, 0xFF, 0xFF, 0xFF, 0, 1, 0, 0, 0, 1, 0, 0]),
    ] {
      try OutputFile.write(bytes, to: folder.path(name))
      let error = #expect(throws: FileError.self) { try self.images(Dataset.open(self.folder.path(name))) }
      #expect(error?.path == folder.path(name))
    }
  }

  @Test("CIFAR layouts are told apart by their size", arguments: [1, 2])
  func cifar(labelBytes: Int) throws {
    let record = [UInt8](repeating: 9, count: labelBytes) + (0..<3072).map { UInt8($0 / 1024 * 100) }
    try OutputFile.write(record + record, to: folder.path("data_batch_1.bin"))
    try OutputFile.write(record, to: folder.path("data_batch_2.bin"))
    let source = try Dataset.open(folder.url.path)
    #expect(source.count == 3)
    let all = try images(source, by: 2)
    #expect(all.count == 3 * 3072)
    #expect(all[0] == -1 && all[1024] == 100 / 127.5 - 1 && all[3071] == 200 / 127.5 - 1)
  }

  @Test("A cut CIFAR file is an error")
  func badCIFAR() throws {
    try OutputFile.write([UInt8](repeating: 1, count: 3073 * 2 - 5), to: folder.path("x.bin"))
    #expect(throws: FileError.self) { try Dataset.open(folder.path("x.bin")) }
  }

  @Test("Labels come with IDX files that have them beside, and with CIFAR records")
  func labels() throws {
    #expect(try Dataset.open(Fixtures.path("foreign/tiny-images-idx3-ubyte.gz")).labels() == [4, 9])
    let digits = try #require(try Dataset.open(Fixtures.path("mnist/t10k-images-idx3-ubyte.gz")).labels())
    // The counts that the data set's authors give.
    #expect(
      (0..<10).map { digit in digits.count { $0 == digit } } == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009])
    let pixels = [UInt8](repeating: 9, count: 3072)
    try OutputFile.write([3] + pixels + [5] + pixels, to: folder.path("ten.bin"))
    try OutputFile.write([1, 8] + pixels + [0, 6] + pixels, to: folder.path("hundred.bin"))
    let source = try Dataset.open(folder.path("ten.bin"))
    _ = try source.next(1)
    #expect(try source.labels() == [3, 5])
    #expect(try source.next(5).count == 3072)
    #expect(try Dataset.open(folder.path("hundred.bin")).labels() == [8, 6])
    try OutputFile.write(Self.idx(2, pixels: .init(repeating: 7, count: 12)), to: folder.path("a-images-idx3-ubyte"))
    #expect(try Dataset.open(folder.path("a-images-idx3-ubyte")).labels() == nil)
    try OutputFile.write([0, 0, 8, 1, 0, 0, 0, 3, 1, 2, 3], to: folder.path("a-labels-idx1-ubyte"))
    #expect(throws: FileError.self) { try Dataset.open(folder.path("a-images-idx3-ubyte")).labels() }
  }

  @Test("A header that promises more than its file can hold is found out when it is opened")
  func lyingIDX() throws {
    let header: [UInt8] = [0, 0, 8, 3, 0, 0, 0, 2, 0, 1, 0, 0, 0, 1, 0, 0]
    try OutputFile.write(header + [1, 2, 3], to: folder.path("x"))
    let error = #expect(throws: FileError.self) { try Dataset.open(self.folder.path("x")) }
    #expect(error?.fault.contains("cut short") == true)
  }

  @Test("A folder of test images alone is read; files that are still packed with xz are named as such")
  func folders() throws {
    try OutputFile.write(Self.idx(1, pixels: .init(repeating: 7, count: 6)), to: folder.path("t10k-images-idx3-ubyte"))
    #expect(try Dataset.open(folder.url.path).count == 1)
    let packed = try TemporaryFolder()
    try OutputFile.write([1], to: packed.path("data_batch_1.bin.xz"))
    let error = #expect(throws: FileError.self) { try Dataset.open(packed.url.path) }
    #expect(error?.fault.contains("xz -dk") == true)
    let record = [UInt8](repeating: 1, count: 3073)
    try OutputFile.write(record, to: packed.path("elsewhere"))
    try FileManager.default.createSymbolicLink(
      atPath: packed.path("data_batch_1.bin"), withDestinationPath: packed.path("elsewhere"))
    #expect(try Dataset.open(packed.url.path).count == 1)
  }

  @Test("A folder of PNG files is read in the order of their names")
  func pngFolder() throws {
    for (name, value) in [("b.png", UInt8(255)), ("a.png", 0)] {
      let image = PNGImage(width: 2, height: 1, channels: 3, pixels: [value, 51, 102, value, 51, 102])
      try OutputFile.write(image.encoded(), to: folder.path(name))
    }
    let source = try Dataset.open(folder.url.path)
    let (x, y) = (Float(51) / 127.5 - 1, Float(102) / 127.5 - 1)
    #expect(try images(source) == [-1, -1, x, x, y, y, 1, 1, x, x, y, y])
    try OutputFile.write(
      PNGImage(width: 1, height: 1, channels: 1, pixels: [0]).encoded(), to: folder.path("c.png"))
    #expect(throws: ImageReadingError.self) { try images(Dataset.open(folder.url.path)) }
  }

  @Test("A damaged gzip file is an error")
  func damagedGzip() throws {
    let path = Fixtures.path("mnist/t10k-images-idx3-ubyte.gz")
    let bytes = try fileBytes(path)
    try OutputFile.write(bytes[..<100_000], to: folder.path("cut.gz"))
    #expect(throws: FileError.self) { try images(Dataset.open(folder.path("cut.gz")), by: 1000) }
    var damaged = bytes
    damaged[500_000] ^= 0xFF
    try OutputFile.write(damaged, to: folder.path("damaged.gz"))
    #expect(throws: FileError.self) { try images(Dataset.open(folder.path("damaged.gz")), by: 1000) }
  }

  @Test("The moments of the MNIST test images are numpy's")
  func mnist() throws {
    let source = try Dataset.open(Fixtures.path("mnist/t10k-images-idx3-ubyte.gz"))
    #expect(source.count == 10_000)
    var accumulator = MomentAccumulator(dimension: source.shape.count)
    while true {
      let batch = try source.next(1000)
      if batch.isEmpty { break }
      accumulator.add(batch)
    }
    let moments = accumulator.moments()
    // numpy: w = linalg.eigvalsh(cov(x.T)) of x = bytes / 127.5 - 1
    let expected = [21.24218062560871, 15.95011120122603, 12.981919256279626]
    for (value, reference) in zip(moments.eigenvalues, expected) { #expect(abs(value / reference - 1) < 1e-5) }
    #expect(abs(moments.mean.reduce(0, +) / 784 + 0.7349707883153261) < 1e-6)
    #expect(abs(moments.totalVariance / 211.4141360992933 - 1) < 1e-5)
  }

  @Test("What is no image is an error", arguments: ["missing", "x.xz", "folder"])
  func nothing(name: String) throws {
    try OutputFile.prepareFolder(folder.path("folder"))
    try OutputFile.write([1, 2, 3], to: folder.path("x.xz"))
    #expect(throws: FileError.self) { try Dataset.open(folder.path(name)) }
  }
}
