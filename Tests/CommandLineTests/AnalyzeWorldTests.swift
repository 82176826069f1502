import Files
import Foundation
import TestSupport
import Testing

@Suite("analyze fixed-points", .serialized)
struct AnalyzeWorldTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func run(_ world: String, _ arguments: [String] = []) throws -> Program.Result {
    try Program.run(
      ["analyze", "fixed-points", "--quiet", "--world", world, "--output", folder.path("out")] + arguments)
  }

  private func world(_ text: String) throws -> String {
    try OutputFile.write(text.utf8, to: folder.path("points.json"))
    return folder.path("points.json")
  }

  private func parsed(_ text: String) throws -> JSONValue {
    var bytes = Array(text.utf8)
    return try bytes.withUnsafeMutableBytes { try JSONValue(parsing: .init($0), path: "output") }
  }

  @Test("Two points of unequal weight: the files, the fold among the points, and the split in the result")
  func unequal() throws {
    let path = try world(#"{"points": [[1], [-1]], "weights": [0.8, 0.2]}"#)
    let result = try run(path, ["--json", "--theta", "0.5..0.95", "--animate", folder.path("moving.png")])
    #expect(result.status == 0, "\(result.error)")
    let split = try #require(try parsed(result.output)["splits"]?.array?.first)
    #expect(split["kind"]?.string == "imperfect pitchfork")
    #expect(abs(try #require(split["theta"]?.double) - 0.80402) < 1e-5)
    #expect(abs(try #require(split["x"]?.array?.first?.double) + 0.72417) < 1e-5)
    let files = try FileManager.default.contentsOfDirectory(atPath: folder.path("out")).sorted()
    #expect(files == ["fixed-points.csv", "fixed-points.json", "fixed-points.svg", "potential.csv", "potential.svg"])
    let points = try #require(try JSONValue(contentsOf: folder.path("out/fixed-points.json")).array)
    let folds = points.filter { $0["kind"]?.string == "fold" }
    #expect(folds.count == 2 && folds.allSatisfy { abs(($0["theta"]?.double ?? 0) - 0.80402) < 1e-5 })
    for point in points {
      let theta = try #require(point["theta"]?.double)
      #expect((0.5...0.95).contains(theta) && point["x"]?.array?.count == 1 && point["stable"]?.bool != nil)
    }
    let table = try String(contentsOfFile: folder.path("out/fixed-points.csv"), encoding: .utf8)
    #expect(table.hasPrefix("theta,branch,stable,unstable_directions,kind,x1\n"))
    #expect(table.split(separator: "\n").count == points.count + 1)
    // An animation has as many frame controls as frames.
    let picture = try fileBytes(folder.path("moving.png"))
    #expect(Array(picture[..<4]) == [0x89, 0x50, 0x4E, 0x47])
    #expect(String(decoding: picture, as: Unicode.ASCII.self).components(separatedBy: "fcTL").count == 73)
  }

  @Test("A plane has two diagrams, and its tree is told in words")
  func plane() throws {
    let path = try world(#"{"points": [[2, 0.6], [2, -0.6], [-2, 0.6], [-2, -0.6]]}"#)
    let result = try run(path, ["--theta", "0.3..0.9"])
    #expect(result.status == 0, "\(result.error)")
    #expect(result.output.contains("0.350864") && result.output.contains("0.838347"))
    let files = try FileManager.default.contentsOfDirectory(atPath: folder.path("out")).sorted()
    #expect(files == ["fixed-points-2.svg", "fixed-points.csv", "fixed-points.json", "fixed-points.svg"])
  }

  @Test(
    "Bad input is one line",
    arguments: [
      (#"{"points": [[1]]}"#, [], "one point"), (#"{"points": [[1], [1]]}"#, [], "one point"),
      (#"{"points": [[1], [-1]], "weights": [1]}"#, [], "'weights' must be 2"),
      (#"{"points": [[1], [-1, 2]]}"#, [], "equal dimension"), (#"{"points": []}"#, [], "points"),
      (#"{"points": [[1], [-1]]}"#, ["--theta", "0..0.5"], "--theta: 0 is no number"),
      (#"{"points": [[1], [-1]]}"#, ["--theta", "0.5..1"], "--theta: 1 is no number"),
      (#"{"points": [[1], [-1]]}"#, ["--theta", "0.7..0.5"], "smaller"),
      (#"{"points": [[1], [-1]]}"#, ["--theta", "0.7"], "two numbers"),
      (#"{"points": [[1], [-1]]}"#, ["--theta", "nan..0.5"], "--theta"),
      (#"{"points": [[1], [-1]], "variance": 9}"#, ["--theta", "0.5..0.9"], "runs away"),
      (#"{"points": [[1, 2], [-1, 0]]}"#, ["--animate", "out.png"], "--animate"),
    ] as [(String, [String], String)])
  func refuses(text: String, arguments: [String], expected: String) throws {
    let result = try run(try world(text), arguments)
    #expect(result.status != 0 && result.error.contains(expected), "\(result.error)")
    #expect(result.error.split(separator: "\n").count == 1 && result.output.isEmpty)
    #expect(!FileManager.default.fileExists(atPath: folder.path("out")))
  }

  @Test("Worlds without points, and files that are not there, are named")
  func otherWorlds() throws {
    for (world, expected) in [("hypersphere:3", "points are needed"), ("nowhere.json", "nowhere.json")] {
      let result = try run(world)
      #expect(result.status != 0 && result.error.contains(expected), "\(result.error)")
      #expect(result.error.split(separator: "\n").count == 1)
    }
  }
}
