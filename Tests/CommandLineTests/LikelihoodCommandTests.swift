import Files
import Foundation
import TestSupport
import Testing

@Suite("likelihood")
struct LikelihoodCommandTests {
  private let folder: TemporaryFolder
  private let points: [Double] = [0.6, 0.2, -0.5, -0.25, 0, 0.1]

  init() throws {
    folder = try TemporaryFolder()
    let text = #"{"points": [[0.5, 0.25], [-0.5, -0.25]], "variance": 0.1}"#
    try OutputFile.write(text.utf8, to: folder.path("mixture.json"))
    try NumpyArray(points.map { Float($0) }, shape: [3, 1, 1, 2]).write(to: folder.path("x.npy"))
  }

  private func run(_ arguments: String...) throws -> Program.Result {
    try Program.run(
      ["likelihood", "--quiet", "--device", "cpu", "--data", folder.path("x.npy")] + arguments)
  }

  /// The bits per dimension of a point under the mixture.
  private func bits(_ x: Double, _ y: Double) -> Double {
    let density = [(0.5, 0.25), (-0.5, -0.25)].reduce(0.0) { sum, centre in
      let square = (x - centre.0) * (x - centre.0) + (y - centre.1) * (y - centre.1)
      return sum + 0.5 * exp(-square / 0.2) / (0.2 * Double.pi)
    }
    return -log2(density) / 2
  }

  @Test("Of a mixture it is the density, in text, as JSON and in a file")
  func mixture() throws {
    let world = "mixture:\(folder.path("mixture.json"))"
    let result = try run("--world", world, "--exact-trace", "--json", "-o", folder.path("l.json"))
    #expect(result.status == 0, "\(result.error)")
    let json = try JSONValue(result.output, path: "likelihood")
    #expect(try JSONValue(contentsOf: folder.path("l.json")) == json)
    let found = (json["each_bits_per_dimension"]?.array ?? []).compactMap(\.double)
    let exact = [0, 2, 4].map { bits(points[$0], points[$0 + 1]) }
    #expect(found.count == 3 && zip(found, exact).allSatisfy { abs($0 - $1) < 1e-3 }, "\(found), \(exact)")
    let mean = try #require(json["bits_per_dimension"]?.double)
    #expect(abs(mean - exact.reduce(0, +) / 3) < 1e-3 && json["of"]?.string == "densities")
    let text = try run("--world", world, "--exact-trace")
    #expect(text.output.contains("3 images, \(String(format: "%.4f", mean)) bits per dimension"), "\(text.output)")
  }

  @Test("Arguments that make no sense are one line")
  func errors() throws {
    let mixture = "mixture:\(folder.path("mixture.json"))"
    for (arguments, expected) in [
      (["--world", mixture, "--exact-trace", "--probes", "2"], "exclude"),
      (["--world", mixture, "--probes", "0"], "--probes"),
      (["--world", mixture, "--tolerance", "0"], "--tolerance"), (["--world", mixture, "--count", "0"], "--count"),
      (["--world", "hypersphere:2"], "derivatives"), (["--world", mixture, "--model", "mnist"], "exclude"),
      (["--model", "mnist"], "1x1x2"), (["--world", mixture, "-o", folder.path("x.npy")], "x.npy"),
    ] {
      let result = try Program.run(
        ["likelihood", "--quiet", "--device", "cpu", "--data", folder.path("x.npy")] + arguments)
      #expect(result.status != 0 && result.error.contains(expected), "\(result.error)")
      #expect(result.error.split(separator: "\n").count == 1 && result.output.isEmpty)
    }
  }
}
