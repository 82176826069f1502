import Datasets
import Files
import Foundation
import Tensors
import TestSupport
import Testing

@Suite("Folders of pictures, with what else lies there")
struct PictureFolderTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// Writes a picture of one grey value, or of one colour.
  private func add(_ name: String, _ value: UInt8, side: Int = 2, channels: Int = 1) throws {
    let pixels = [UInt8](repeating: value, count: side * side * channels)
    try add(name, bytes: PNGImage(width: side, height: side, channels: channels, pixels: pixels).encoded())
  }

  private func add(_ name: String, bytes: [UInt8]) throws {
    let path = folder.path(name)
    try OutputFile.prepareFolder((path as NSString).deletingLastPathComponent)
    try OutputFile.write(bytes, to: path)
  }

  private func open(_ reading: ImageReading = .init()) throws -> (values: [UInt8], labels: [Int]?, notes: [String]) {
    var notes: [String] = []
    let source = try Dataset.open(folder.url.path, reading) { notes.append($0) }
    let values = try source.next(source.count), size = source.shape.count
    let first = stride(from: 0, to: values.count, by: size).map { UInt8(((values[$0] + 1) * 127.5).rounded()) }
    return (first, try source.labels(), notes)
  }

  @Test("Folders are classes in the order of their names, as code points have it")
  func classes() throws {
    for (name, value) in [("cat/1.png", 3), ("cat/0.PNG", 2), ("Zebra/0.png", 1), ("\u{E9}mu/0.png", 4)] {
      try add(name, UInt8(value))
    }
    let found = try open()
    #expect(found.values == [1, 2, 3, 4] && found.labels == [0, 1, 1, 2])
    #expect(found.notes == ["\(folder.url.path): 3 classes by folder, from 0: Zebra, cat, \u{E9}mu"])
    #expect(try ImageSet(Dataset.open(folder.url.path)).labels == [[0, 1, 1, 2]])
  }

  @Test("What is no picture is passed over, hidden or not, and counted")
  func passedOver() throws {
    try add("a.png", 5)
    for name in ["._a.png", ".DS_Store", ".b.jpg", "list.csv", "__MACOSX/._a.png"] {
      try add(name, bytes: [0, 5, 22, 7])
    }
    try add("more/b.png", 6)
    let found = try open()
    #expect(found.values == [5] && found.labels == nil)
    #expect(
      found.notes == [
        "\(folder.url.path): 5 files passed over: 1 of other forms, 4 hidden; 1 folder not searched"
      ])
    #expect(try open(.init(isRecursive: true)).values == [5, 6])
    #expect(try open(.init(isRecursive: true)).labels == nil)
  }

  @Test("Recursion reaches every depth, once, also where a link leads back")
  func recursion() throws {
    for (name, value) in [("b/x/y/0.png", 3), ("a/0.png", 1), ("a/x/0.png", 2)] { try add(name, UInt8(value)) }
    try FileManager.default.createSymbolicLink(
      atPath: folder.path("a/x/again"), withDestinationPath: folder.path("a"))
    let found = try open(.init(isRecursive: true))
    #expect(found.values == [1, 2, 3] && found.labels == [0, 0, 1])
    let error = #expect(throws: ImageReadingError.self) { try self.open() }
    #expect(error?.option == .recursive && error?.path == folder.path("b"))
  }

  @Test("A class without pictures, and a folder without images, are errors of one line")
  func nothing() throws {
    #expect(throws: FileError.self) { try self.open() }
    try add("notes.txt", bytes: [1])
    #expect(throws: FileError.self) { try self.open() }
    try add("a/0.png", 1)
    try add("b/notes.txt", bytes: [1])
    let error = #expect(throws: FileError.self) { try self.open() }
    #expect(error?.path == folder.path("b"))
  }

  @Test(
    "Pictures of several sizes or colours are refused when the folder is opened, and read once they are brought to one")
  func mixed() throws {
    try add("a.png", 255, side: 4)
    try add("b.png", 51, side: 3)
    #expect(#expect(throws: ImageReadingError.self) { try self.open() }?.option == .resize)
    #expect(try open(.init(resize: 2)).values == [255, 51])
    let small = #expect(throws: ImageReadingError.self) { try self.open(.init(resize: 4)) }
    #expect(small?.path == folder.path("b.png"))
    try add("c.png", 102, side: 4, channels: 3)
    #expect(#expect(throws: ImageReadingError.self) { try self.open(.init(resize: 2)) }?.option == .color)
    for color in ImageReading.Color.allCases {
      #expect(try open(.init(resize: 2, color: color)).values == [255, 51, 102])
    }
  }

  @Test("JPEG and PNG lie side by side, whatever their names end in, also as a single file")
  func forms() throws {
    let jpeg = try fileBytes(Fixtures.path("pictures/grey.jpg"))
    for name in ["a.jpg", "b.JPEG", "c.png"] { try add(name, bytes: jpeg) }
    #expect(try open().values.count == 3)
    try add("plain", bytes: jpeg)
    #expect(try Dataset.open(folder.path("plain")).shape == ImageShape(channels: 1, height: 29, width: 37))
    try add("x.webp", bytes: Array("RIFF....WEBPVP8 ".utf8))
    let error = #expect(throws: FileError.self) { try Dataset.open(self.folder.path("x.webp")) }
    #expect(error?.fault.contains("WebP") == true)
  }
}
