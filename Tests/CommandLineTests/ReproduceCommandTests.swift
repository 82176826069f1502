import Files
import Foundation
import TestSupport
import Testing

@Suite("diffuse-gpu reproduce", .serialized)
struct ReproduceCommandTests {
  let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    let images = (0..<40).flatMap { image -> [Float] in
      let (row, column, size) = (8 + 3 * (image % 5), 8 + 3 * (image / 5 % 5), 20 + 10 * (image % 7))
      return (0..<784).map { place in
        let (y, x) = (place / 28 - row, place % 28 - column)
        return y * y + x * x < size ? 1 - Float(image % 4) / 8 : -1
      }
    }
    try OutputFile.write(NumpyArray(images, shape: [40, 1, 28, 28]).encoded(), to: folder.path("data.npy"))
  }

  private func arguments(_ more: String = "") -> [String] {
    [
      "reproduce", "--data", folder.path("data.npy"), "--quick", "--count", "2", "--device", "cpu", "--threads", "1",
      "--quiet", "--output", folder.path("page"),
    ] + more.split(separator: " ").map(String.init)
  }

  /// The page without the section of dates and durations.
  private func page(_ name: String) throws -> String {
    let text = String(decoding: try fileBytes(folder.path("\(name)/report.html")), as: UTF8.self)
    let start = try #require(text.range(of: "<section id=\"times\"")?.lowerBound)
    let end = try #require(text.range(of: "</section>", range: start..<text.endIndex)?.upperBound)
    return String(text[..<start] + text[end...])
  }

  @Test("kill -9 at random moments: the next run goes on, and ends in the same page but for dates and durations")
  func kills() throws {
    let begin = ContinuousClock.now, whole = try Program.run(arguments())
    #expect(whole.status == 0, "\(whole.error)")
    let duration = (ContinuousClock.now - begin) / .seconds(1)
    let document = try JSONValue(Program.run(arguments("--json")).output, path: "output")
    #expect(document["late_starts"]?.array?.count == 6 && document["page"]?.string?.hasSuffix("report.html") == true)
    #expect(document["late_starts"]?.array?.first?["prior"]?["distance_interval"]?["upper"]?.double != nil)
    let wanted = try page("page")
    #expect(wanted.contains("reproduce --data") && wanted.contains("late-start scan --statistics"))
    try FileManager.default.moveItem(atPath: folder.path("page"), toPath: folder.path("whole"))
    try Program.killRepeatedly(within: duration / Double(Program.kills)) { _, hasEnded in
      if hasEnded { try FileManager.default.removeItem(atPath: folder.path("page")) }
      return arguments()
    }
    let last = try Program.run(arguments())
    #expect(last.status == 0 && last.output == whole.output, "\(last.error)")
    #expect(try page("page") == wanted)
  }

  @Test("Ctrl-C ends a reproduction with 130 and a word on how it goes on")
  func interruption() throws {
    let cells = folder.path("page/scan/cells")
    let result = try Program.run(arguments().filter { $0 != "--quiet" }) {
      ((try? FileManager.default.contentsOfDirectory(atPath: cells)) ?? []).contains { $0.hasPrefix("ddim") }
    }
    #expect(result.status == 130 && result.error.contains("goes on"), "\(result.error)")
    #expect(!FileManager.default.fileExists(atPath: folder.path("page/report.html")))
  }

  @Test(
    "Bad input is one line that names it",
    arguments: [
      ("--count 1", "--count"), ("--count 21", "21 were asked for"), ("--model nowhere", "no classifier is carried"),
      ("--model nowhere --classifier mnist-classifier", "nowhere"), ("--model faces", "28x28"),
      ("--classifier faces-classifier", "28x28"), ("--classifier nowhere", "nowhere"), ("--real nowhere", "nowhere"),
      ("--precision bfloat16", "float32"), ("--label 300", "--label"),
    ])
  func badInput(typed: String, expected: String) throws {
    let result = try Program.run(arguments(typed))
    #expect(result.status > 0 && result.status < 128, "status \(result.status) of \(typed)")
    #expect(result.error.split(separator: "\n").count == 1, "\(result.error)")
    #expect(result.error.contains(expected), "\(result.error)")
    #expect(!FileManager.default.fileExists(atPath: folder.path("page")))
  }

  @Test("The folder of another study is refused in one line")
  func otherStudy() throws {
    let taken = folder.path("page")
    try OutputFile.prepareFolder(taken)
    try OutputFile.write(#"{"study": "late-start scan", "version": "0"}"#.utf8, to: taken + "/study.json")
    let result = try Program.run(arguments())
    #expect(result.status > 0 && result.error.split(separator: "\n").count == 1, "\(result.error)")
    #expect(result.error.contains("holds a study") && result.error.contains("late-start scan"), "\(result.error)")
    #expect(try FileManager.default.contentsOfDirectory(atPath: taken) == ["study.json"])
  }
}
