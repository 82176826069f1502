import Datasets
import Files
import Foundation
import Tensors
import TestSupport
import Testing

@Suite("The forms that images are read in")
struct ImageFormTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// Writes one grey picture of a form and names it.
  private func example(_ form: ImageForm) throws -> String {
    let pixels = [UInt8](repeating: 51, count: 32 * 32)
    let png = PNGImage(width: 32, height: 32, channels: 1, pixels: pixels)
    func write(_ bytes: [UInt8], _ name: String) throws -> String {
      try OutputFile.write(bytes, to: folder.path(name))
      return folder.path(name)
    }
    switch form {
    case .idx: return try write([0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 32, 0, 0, 0, 32] + pixels, "x-images-idx3-ubyte")
    case .cifar: return try write([7] + pixels + pixels + pixels, "data_batch_1.bin")
    case .npy: return try write(NumpyArray.encoded(bytes: pixels, shape: [1, 32, 32]), "x.npy")
    case .npz:
      var archive = NumpyArchive()
      archive.add("arr_0", npy: NumpyArray.encoded(bytes: pixels, shape: [1, 32, 32, 1]))
      try archive.write(to: folder.path("x.npz"))
      return folder.path("x.npz")
    case .png: return try write(png.encoded(), "x.png")
    case .jpeg:
      // A grey picture of 8 x 8 pixels that libjpeg wrote.
      return Fixtures.path("pictures/grey.jpg")
    case .folder:
      try OutputFile.prepareFolder(folder.path("pictures/a"))
      _ = try write(png.encoded(), "pictures/a/x.png")
      return folder.path("pictures")
    }
  }

  @Test("Every form is read", arguments: ImageForm.allCases)
  func reads(form: ImageForm) throws {
    let source = try Dataset.open(example(form))
    let values = try source.next(1)
    #expect(source.count == 1 && values.count == source.shape.count)
    if form != .jpeg { #expect(values.allSatisfy { $0 == 51 / 127.5 - 1 }) }
    #expect(try (source.labels() == nil) == (form.labels == "none" || form == .idx || form == .npz))
  }

  @Test("The README has the table of the forms, line by line")
  func readme() throws {
    let path = URL(fileURLWithPath: Fixtures.path("")).deletingLastPathComponent().deletingLastPathComponent()
    let text = try String(contentsOf: path.appendingPathComponent("README.md"), encoding: .utf8)
    let rows = ImageForm.allCases.map { "| \($0.name) | \($0.contents) | \($0.labels) |\n" }.joined()
    #expect(text.contains("| form | what is read | labels |\n|---|---|---|\n" + rows + "\n"))
  }

  @Test("The help names every form, what is read and its labels, in lines that terminals do not break")
  func help() {
    #expect(ImageForm.helpText.split(separator: "\n").allSatisfy { $0.count <= 78 })
    let words = ImageForm.helpText.split { $0.isWhitespace }.joined(separator: " ")
    for form in ImageForm.allCases {
      #expect(words.contains("\(form.name) \(form.contents)"))
      #expect(form.labels == "none" || words.contains("labels: \(form.labels)"))
    }
  }

  @Test("What is said about arrays is noted where there are none")
  func unused() throws {
    func notes(_ form: ImageForm, _ reading: ImageReading) throws -> [String] {
      var notes: [String] = []
      _ = try Dataset.open(example(form), reading) { notes.append($0) }
      return notes
    }
    for form in [ImageForm.idx, .cifar, .png, .jpeg] {
      #expect(try notes(form, .init(layout: .channelsLast)).contains { $0.hasSuffix("arrays is not used") })
      #expect(try notes(form, .init(array: "x")).contains { $0.hasSuffix("arrays is not used") })
    }
    #expect(try notes(.npy, .init(layout: .channelsFirst, range: .byte)).isEmpty)
    #expect(try notes(.npy, .init(isRecursive: true)).contains { $0.hasSuffix("nothing to search deeper") })
    #expect(try notes(.folder, .init(isRecursive: true)).allSatisfy { !$0.hasSuffix("nothing to search deeper") })
  }
}
