import Datasets
import Files
import Foundation
import TestSupport
import Testing

@Suite("Sets are found where other tools leave them")
struct LayoutTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func add(_ name: String, _ bytes: [UInt8]) throws {
    let path = folder.path(name)
    try OutputFile.prepareFolder((path as NSString).deletingLastPathComponent)
    try OutputFile.write(bytes, to: path)
  }

  private func addIDX(_ images: String, _ labels: String?, _ value: UInt8) throws {
    try add(images, ImageSourceTests.idx(1, pixels: [UInt8](repeating: value, count: 6)))
    if let labels { try add(labels, [0, 0, 8, 1, 0, 0, 0, 1, value]) }
  }

  @Test(
    "MNIST's files, plain and of other names, in folders of their own, in raw, gzip and below",
    arguments: [
      ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"), ("train-images.idx3-ubyte", "train-labels.idx1-ubyte"),
      ("train-images-idx3-ubyte", "train-labels.idx1-ubyte"),
      ("emnist-letters-train-images-idx3-ubyte", "emnist-letters-train-labels-idx1-ubyte"),
      ("emnist-byclass-test-images-idx3-ubyte", "emnist-byclass-test-labels-idx1-ubyte"),
      ("train-images-idx3-ubyte/train-images-idx3-ubyte", "train-labels-idx1-ubyte/train-labels-idx1-ubyte"),
      ("train-images.idx3-ubyte", "train-labels-idx1-ubyte/train-labels-idx1-ubyte"),
      ("t10k-images-idx3-ubyte/t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"),
      ("raw/train-images-idx3-ubyte", "raw/train-labels-idx1-ubyte"),
      ("MNIST/raw/train-images-idx3-ubyte", "MNIST/raw/train-labels-idx1-ubyte"),
      ("FashionMNIST/raw/t10k-images-idx3-ubyte", "FashionMNIST/raw/t10k-labels-idx1-ubyte"),
      ("gzip/emnist-digits-test-images-idx3-ubyte", "gzip/emnist-digits-test-labels-idx1-ubyte"),
    ])
  func mnist(images: String, labels: String) throws {
    try addIDX(images, labels, 9)
    // What systems leave beside it, and what comes after the images of training.
    for name in [images, labels] {
      let path = name as NSString
      try add(
        (path.deletingLastPathComponent as NSString).appendingPathComponent("._" + path.lastPathComponent), [0, 5])
    }
    let source = try Dataset.open(folder.url.path)
    #expect(try source.next(2).first == 9 / 127.5 - 1)
    #expect(try source.labels() == [9])
  }

  @Test("The file is taken, and the folder of the same prefix beside it passed over; training comes before test")
  func kaggle() throws {
    try addIDX("train-images.idx3-ubyte", nil, 1)
    try addIDX("train-images-idx3-ubyte/train-images-idx3-ubyte", nil, 2)
    try addIDX("t10k-images.idx3-ubyte", nil, 3)
    #expect(try Dataset.open(folder.url.path).next(1).first == 1 / 127.5 - 1)
  }

  @Test("Of several sets none is taken")
  func several() throws {
    try addIDX("emnist-letters-train-images-idx3-ubyte", nil, 1)
    try addIDX("emnist-letters-test-images-idx3-ubyte", nil, 2)
    #expect(try Dataset.open(folder.url.path).next(1).first == 1 / 127.5 - 1)
    try addIDX("emnist-digits-train-images-idx3-ubyte", nil, 3)
    let error = #expect(throws: FileError.self) { try Dataset.open(self.folder.url.path) }
    #expect(error?.fault.contains("(emnist-digits, emnist-letters)") == true)
    let below = try TemporaryFolder()
    for name in ["MNIST", "KMNIST"] {
      try OutputFile.prepareFolder(below.path(name + "/raw"))
      try OutputFile.write(
        ImageSourceTests.idx(1, pixels: .init(repeating: 1, count: 6)),
        to: below.path(name + "/raw/train-images-idx3-ubyte"))
    }
    #expect(throws: FileError.self) { try Dataset.open(below.url.path) }
  }

  @Test("CIFAR's binary files are found a folder below; pickles are refused with the version to take")
  func cifar() throws {
    try add("cifar-10-batches-py/data_batch_1", [0x80, 2])
    let error = #expect(throws: FileError.self) { try Dataset.open(self.folder.url.path) }
    #expect(error?.path == folder.path("cifar-10-batches-py") && error?.fault.contains("binary") == true)
    let inside = #expect(throws: FileError.self) { try Dataset.open(self.folder.path("cifar-10-batches-py")) }
    #expect(inside == error)
    try add("cifar-10-batches-bin/data_batch_1.bin", [7] + [UInt8](repeating: 1, count: 3072))
    try add("cifar-10-batches-bin/._data_batch_1.bin", [0, 5])
    try add("cifar-10-batches-bin/test_batch.bin", [2] + [UInt8](repeating: 1, count: 3072))
    #expect(try Dataset.open(folder.url.path).labels() == [7])
    try add("cifar-100-binary/train.bin", [2, 7] + [UInt8](repeating: 1, count: 3072))
    #expect(throws: FileError.self) { try Dataset.open(self.folder.url.path) }
    #expect(try Dataset.open(folder.path("cifar-100-binary")).labelSets() == [[2], [7]])
  }

  @Test("Archives are to be unpacked first", arguments: ["cifar-10-binary.tar.gz", "set.zip", "data_batch_1.bin.xz"])
  func archives(name: String) throws {
    try add(name, [1, 2, 3])
    for path in [folder.path(name), folder.url.path] {
      let error = #expect(throws: FileError.self) { try Dataset.open(path) }
      #expect(error?.path == folder.path(name) && error?.fault.contains("unpack") == true)
    }
  }

  @Test("A gzip file that unpacks to far more than it is says so, and is read a few images at a time")
  func expansion() throws {
    // 1,000 images of 256 x 256 zeros, by the gzip program.
    let plain = ImageSourceTests.header(1000, height: 256, width: 256) + [UInt8](repeating: 0, count: 65_536_000)
    try OutputFile.write(plain, to: folder.path("train-images-idx3-ubyte"))
    let gzip = Process()
    gzip.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    gzip.arguments = ["gzip", folder.path("train-images-idx3-ubyte")]
    try gzip.run()
    gzip.waitUntilExit()
    var notes: [String] = []
    let source = try Dataset.open(folder.url.path) { notes.append($0) }
    #expect(source.count == 1000 && source.batchCount == 256)
    #expect(notes.count == 1 && notes[0].hasSuffix("bytes are unpacked to 65536016"))
  }
}
