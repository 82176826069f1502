import Files
import Foundation
import TestSupport
import Testing

@Suite("diffuse-gpu late-start scan", .serialized)
struct LateStartScanCommandTests {
  let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    // Blobs of different sizes and places.
    let images = (0..<60).flatMap { image -> [Float] in
      let (row, column, size) = (8 + 3 * (image % 5), 8 + 3 * (image / 5 % 5), 20 + 10 * (image % 7))
      return (0..<784).map { place in
        let (y, x) = (place / 28 - row, place % 28 - column)
        return y * y + x * x < size ? 1 - Float(image % 4) / 8 : -1
      }
    }
    try OutputFile.write(NumpyArray(images, shape: [60, 1, 28, 28]).encoded(), to: folder.path("data.npy"))
  }

  private func arguments(_ output: String, _ more: String = "") -> [String] {
    [
      "late-start", "scan", "--classifier", "mnist-classifier", "--data", folder.path("data.npy"), "--steps", "2,1",
      "--start", "prior,500,300", "--count", "10", "--bootstrap", "20", "--device", "cpu", "--threads", "1", "--quiet",
      "--output", folder.path(output),
    ] + more.split(separator: " ").map(String.init)
  }

  /// The files of a scan that are the same however often it was stopped.
  private func reports(_ scan: String) throws -> [String: [UInt8]] {
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path(scan)).filter { $0 != "cells" }
    return try Dictionary(uniqueKeysWithValues: names.map { ($0, try fileBytes(folder.path("\(scan)/\($0)"))) })
  }

  @Test("A scan prints its tables, writes reports and cells, and is JSON where that is asked for")
  func results() throws {
    let text = try Program.run(arguments("scan", "--sampler ddim,ddpm-paper --keep-images"))
    #expect(text.status == 0, "\(text.error)")
    #expect(text.output.contains("the Gaussian itself") && text.output.contains("ddpm-paper"))
    let files = try reports("scan")
    for name in ["report.md", "report.json", "cells.csv", "table-1.md", "equal-steps.txt", "distance-gaussian.svg"] {
      #expect(files[name]?.isEmpty == false, "\(name)")
    }
    let cells = try FileManager.default.contentsOfDirectory(atPath: folder.path("scan/cells"))
    #expect(cells.count { $0.hasSuffix(".images.npz") } == 12)
    let json = try Program.run(arguments("scan", "--sampler ddim,ddpm-paper --keep-images --json"))
    let document = try JSONValue(json.output, path: "output")
    #expect(document["results"]?.array?.count == 12)
    #expect(document["results"]?.array?.first?["evaluations"]?.int == 2)
    #expect(try reports("scan") == files)
  }

  @Test("Parts of a scan, joined in any order, end in the tables of one process byte for byte")
  func shards() throws {
    func scan(_ more: String) throws {
      let result = try Program.run(arguments("parts", more))
      #expect(result.status == 0, "\(result.error)")
    }
    let whole = try Program.run(arguments("whole"))
    #expect(whole.status == 0, "\(whole.error)")
    // Six cells in seven parts, one of which is empty.
    for index in 0..<7 { try scan("--shard \(index)/7") }
    let parts = (0..<7).map { folder.path("parts.part-\($0)-of-7") }
    let merged = try Program.run(["merge", folder.path("parts")] + parts.reversed())
    // Six cells, and the features of the data.
    #expect(merged.output.contains("7 cells"), "\(merged.error)")
    // A second time nothing is left to copy.
    #expect(try Program.run(["merge", folder.path("parts"), parts[3]]).output.contains("7 cells"))
    try scan("")
    #expect(try reports("parts") == reports("whole"))

    let other = try Program.run(arguments("other", "--count 12 --shard 0/2"))
    #expect(other.status == 0, "\(other.error)")
    let refused = try Program.run(["merge", folder.path("mixed"), parts[0], folder.path("other.part-0-of-2")])
    #expect(
      refused.status != 0 && refused.error.contains("holds a study whose count is 12, not 10"), "\(refused.error)")
  }

  @Test("kill -9 at random moments: the next run goes on, and ends in the same tables byte for byte")
  func kills() throws {
    let begin = ContinuousClock.now, whole = try Program.run(arguments("whole"))
    #expect(whole.status == 0, "\(whole.error)")
    let duration = (ContinuousClock.now - begin) / .seconds(1), wanted = try reports("whole")
    func check() throws {
      for (name, bytes) in wanted where FileManager.default.fileExists(atPath: folder.path("killed/\(name)")) {
        #expect(try fileBytes(folder.path("killed/\(name)")) == bytes, "\(name)")
      }
    }
    try Program.killRepeatedly(within: 0.8 * duration, check: check) { kills, hasEnded in
      // A run that is killed early leaves most of the work to the next.
      if hasEnded || kills.isMultiple(of: 4) { try? FileManager.default.removeItem(atPath: folder.path("killed")) }
      return arguments("killed")
    }
    let last = try Program.run(arguments("killed"))
    #expect(last.status == 0, "\(last.error)")
    #expect(last.output == whole.output)
    #expect(try reports("killed") == wanted)
  }

  @Test("Ctrl-C ends a scan with 130 and a word on how it goes on")
  func interruption() throws {
    let words = arguments("scan").filter { $0 != "--quiet" }
    let cells = folder.path("scan/cells")
    let result = try Program.run(words) {
      ((try? FileManager.default.contentsOfDirectory(atPath: cells)) ?? []).contains { $0.hasPrefix("ddim") }
    }
    #expect(result.status == 130 && result.error.contains("goes on"), "\(result.error)")
    #expect(!FileManager.default.fileExists(atPath: folder.path("scan/report.md")))
  }

  @Test(
    "Bad input is one line that names it",
    arguments: [
      ("--steps 0", "--steps: 0"), ("--steps 5,x", "'x'"), ("--steps 5,5", "twice"), ("--start 1000", "1000"),
      ("--start 900,...", "three dots"), ("--start late", "'late'"), ("--init nonesuch", "'nonesuch'"),
      ("--sampler ddim,nonesuch", "nonesuch"), ("--sampler ddim,", "empty"), ("--count 1", "at least 2"),
      ("--count 31", "31 were asked for"), ("--count 5 --seeds 1,2", "exclude"),
      ("--bootstrap 1", "--bootstrap"), ("--classifier faces-classifier", "28"), ("--reference x", "exclude"),
      ("--model nowhere", "nowhere"), ("--model faces", "mnist-classifier"), ("--class 3", "--class"),
      ("--batch 0", "--batch"),
    ])
  func badInput(typed: String, expected: String) throws {
    let result = try Program.run(arguments("out", typed))
    #expect(result.status > 0 && result.status < 128, "status \(result.status) of \(typed)")
    #expect(result.error.split(separator: "\n").count == 1, "\(result.error)")
    #expect(result.error.contains(expected), "\(result.error)")
    #expect(!FileManager.default.fileExists(atPath: folder.path("out")))
  }

  @Test("A folder of another model or count, and data that are not finite, are refused in one line")
  func refuses() throws {
    #expect(try Program.run(arguments("scan")).status == 0)
    for (typed, expected) in [("--count 11", "count is 10, not 11"), ("--model fashion-mnist", "model is")] {
      let result = try Program.run(arguments("scan", typed))
      #expect(result.status > 0 && result.error.split(separator: "\n").count == 1, "\(result.error)")
      #expect(result.error.contains(expected) && result.error.contains("scan"), "\(result.error)")
    }
    var values = try NumpyArray(contentsOf: folder.path("data.npy")).floats
    values[300] = .nan
    try OutputFile.write(NumpyArray(values, shape: [60, 1, 28, 28]).encoded(), to: folder.path("data.npy"))
    let result = try Program.run(arguments("other"))
    #expect(
      result.status > 0 && result.error.contains("data.npy") && result.error.contains("finite"), "\(result.error)")
  }
}
