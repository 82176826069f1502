import Files
import Foundation
import TestSupport
import Testing

@Suite("analyze network, potential and dynamics", .serialized)
struct AnalyzeModelTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func run(_ arguments: String, _ output: String = "study") throws -> Program.Result {
    try Program.run(
      ["analyze"] + arguments.split(separator: " ").map(String.init) + ["--quiet", "--output", folder.path(output)])
  }

  @Test(
    "The pretrained model's multipliers stand beside the Gaussian's, and a second call reads them",
    arguments: ["cpu", "opencl"])
  func network(device: String) throws {
    let command = "network --steps 650 --draws 2 --json --device \(device)"
    let first = try run(command)
    #expect(first.status == 0, "\(first.error)")
    var bytes = Array(first.output.utf8)
    let found = try bytes.withUnsafeMutableBytes { try JSONValue(parsing: .init($0), path: "output") }
    let step = try #require(found["steps"]?.array?.first)
    #expect(step["step"]?.int == 650 && found["crossing"] == nil)
    let (m1, gaussian) = (try #require(step["m1"]?.double), try #require(step["gaussian"]?.double))
    let overlap = try #require(step["overlap"]?.double)
    // Two draws are no average: the right size is all that they show.
    #expect(m1 > 0.5 * gaussian && m1 < 2 * gaussian && (0...1).contains(overlap))
    #expect(
      Set(["cells", "network.csv", "network.json", "network.svg", "study.json"]).isSubset(of: try listing()))
    let cell = try #require(
      try FileManager.default.contentsOfDirectory(atPath: folder.path("study/cells")).first { $0.hasPrefix("mean-650") }
    )
    let written = try fileBytes(folder.path("study/cells/\(cell)"))
    #expect(try run(command).output == first.output)
    #expect(try fileBytes(folder.path("study/cells/\(cell)")) == written)
  }

  private func listing() throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder.path("study"))
  }

  @Test("The faces' network, which predicts velocities, has its Gaussian's multiplier early on")
  func velocities() throws {
    let result = try run("network --model faces --class 0 --steps 700 --draws 2 --json --device cpu")
    #expect(result.status == 0, "\(result.error)")
    var bytes = Array(result.output.utf8)
    let found = try bytes.withUnsafeMutableBytes { try JSONValue(parsing: .init($0), path: "output") }
    let row = try #require(found["steps"]?.array?.first)
    let (m1, gaussian) = (try #require(row["m1"]?.double), try #require(row["gaussian"]?.double))
    #expect(abs(m1 / gaussian - 1) < 0.05 && gaussian > 0.5, "\(m1), \(gaussian)")
    #expect(try #require(row["overlap"]?.double) > 0.95)
  }

  @Test("Exact worlds have a potential, and the pretrained model clones")
  func others() throws {
    let potential = try run("potential --world two-points --steps 400,100 --pairs 2 --device cpu", "potential")
    #expect(potential.status == 0 && potential.output.contains("barrier"), "\(potential.error)")
    let dynamics = try run(
      "dynamics --classifier mnist-classifier --steps 900,200 --count 2 --sampler-steps 2 --loss-images 2 --device cpu",
      "dynamics")
    #expect(dynamics.status == 0 && dynamics.output.contains("phi"), "\(dynamics.error)")
    #expect(FileManager.default.fileExists(atPath: folder.path("dynamics/clones.svg")))
  }

  @Test(
    "What cannot be analysed is refused in one line",
    arguments: [
      ("network --steps 2000", "--steps"), ("network --steps 0", "--steps"), ("network --steps a", "no training step"),
      ("network --draws 3", "--draws"), ("network --draws 0", "--draws"), ("network --sets 0", "--sets"),
      ("network --class 3", "--class"), ("network --precision bfloat16", "float32"),
      ("network --world two-points --model mnist", "exclude"), ("network --world nonesuch", "nonesuch"),
      ("potential --pairs 0", "--pairs"), ("potential --points 3", "--points"),
      ("potential --sampler-steps 0", "--sampler-steps"),
      ("dynamics --classifier faces-classifier", "faces-classifier"),
      ("dynamics --classifier mnist-classifier --steps 500", "at least two"),
      ("dynamics --classifier nowhere", "nowhere"), ("dynamics --classifier mnist-classifier --count 1", "--count"),
      ("dynamics --classifier mnist-classifier --data nowhere", "nowhere"),
    ])
  func refuses(arguments: String, expected: String) throws {
    let result = try run(arguments + " --device cpu")
    #expect(result.status != 0 && result.error.contains(expected), "\(result.error)")
    #expect(result.error.split(separator: "\n").count == 1)
  }

  @Test("The bare centre is told with its residual, and with a warning")
  func bareCentre() throws {
    let result = try Program.run([
      "analyze", "network", "--steps", "900", "--draws", "2", "--bare-centre", "--json", "--device", "cpu", "--output",
      folder.path("study"),
    ])
    #expect(result.status == 0 && result.error.contains("was not trained there"), "\(result.error)")
    let centre = try JSONValue(result.output, path: "output")["steps"]?.array?.first?["bare_centre"]
    #expect(try #require(centre?["norm"]?.double) < 28 && centre?["residual"]?.double != nil)
    #expect(try String(contentsOfFile: folder.path("study/network.csv"), encoding: .utf8).contains("bare_centre_norm"))
  }

  /// The files of a study that are the same however often it was stopped.
  private func reports(_ study: String) throws -> [String: [UInt8]] {
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path(study)).filter { $0 != "cells" }
    return try Dictionary(uniqueKeysWithValues: names.map { ($0, try fileBytes(folder.path("\(study)/\($0)"))) })
  }

  @Test(
    "kill -9 at random moments: the next run goes on, and ends in the same files byte for byte",
    arguments: [
      "network --steps 900,700,650,600 --draws 2 --sets 1 --fixed-point",
      "potential --steps 900,500,100 --pairs 3 --points 10 --sampler-steps 5",
      "dynamics --classifier mnist-classifier --steps 900,500,200 --count 12 --sampler-steps 6 --loss-images 6",
    ])
  func kills(command: String) throws {
    func arguments(_ output: String) -> [String] {
      ["analyze"] + command.split(separator: " ").map(String.init)
        + ["--device", "cpu", "--threads", "1", "--quiet", "--output", folder.path(output)]
    }
    let begin = ContinuousClock.now, whole = try Program.run(arguments("whole"))
    #expect(whole.status == 0, "\(whole.error)")
    let duration = (ContinuousClock.now - begin) / .seconds(1), wanted = try reports("whole")
    #expect(wanted.count > 3)
    func check() throws {
      for (name, bytes) in wanted where FileManager.default.fileExists(atPath: folder.path("killed/\(name)")) {
        #expect(try fileBytes(folder.path("killed/\(name)")) == bytes, "\(name)")
      }
    }
    try Program.killRepeatedly(within: 0.5 * duration, check: check) { kills, hasEnded in
      // Every second run goes on with what the one before left.
      if hasEnded || kills.isMultiple(of: 2) { try? FileManager.default.removeItem(atPath: folder.path("killed")) }
      return arguments("killed")
    }
    let last = try Program.run(arguments("killed"))
    #expect(last.status == 0 && last.output == whole.output, "\(last.error)")
    #expect(try reports("killed") == wanted)
  }

  @Test("The folder of another model's analysis is refused")
  func otherStudy() throws {
    #expect(try run("potential --world two-points --steps 400 --pairs 1 --device cpu").status == 0)
    let other = try run("potential --world hypersphere:2 --steps 400 --pairs 1 --device cpu")
    #expect(other.status != 0 && other.error.contains("holds a study"), "\(other.error)")
  }
}
