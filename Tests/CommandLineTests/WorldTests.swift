import Files
import Foundation
import TestSupport
import Testing

@Suite("sample --world", .serialized)
struct WorldTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func samples(_ world: String, _ arguments: String, device: String = "cpu") throws -> NumpyArray {
    let words = arguments.split(separator: " ").map(String.init)
    let result = try Program.run(
      ["sample", "--world", world, "--quiet", "--device", device, "--output", folder.path("x.npy")] + words)
    #expect(result.status == 0, "\(result.error)")
    return try NumpyArray(contentsOf: folder.path("x.npy"))
  }

  @Test("Two points: all samples end on them, as many on either side", arguments: ["cpu", "opencl"])
  func twoPoints(device: String) throws {
    let samples = try samples("two-points", "--sampler ddim --steps 20 --count 2000", device: device)
    #expect(samples.shape == [2000, 1, 1, 1] && samples.floats.allSatisfy { abs(abs($0) - 1) < 1e-3 })
    // Three standard deviations of a fair coin.
    #expect(abs(samples.floats.filter { $0 > 0 }.count - 1000) < 67)
  }

  @Test("A sphere: all samples have its radius, the root of the dimension unless it is named")
  func hypersphere() throws {
    for (world, radius) in [("hypersphere:9", Float(3)), ("hypersphere:4:0.5", 0.5)] {
      let samples = try samples(world, "--sampler ddim --steps 20 --count 200"), values = samples.floats
      let size = values.count / 200
      for row in 0..<200 {
        let square = values[row * size..<(row + 1) * size].reduce(0) { $0 + $1 * $1 }
        #expect(abs(square.squareRoot() / radius - 1) < 2e-3)
      }
    }
  }

  @Test("A mixture: samples have its weights and its variance, also after a late start with its moments")
  func mixture() throws {
    let text = #"{"points": [[2, 0.5], [-2, 0.5], [0, -1]], "weights": [1, 2, 1], "variance": 0.01}"#
    try OutputFile.write(text.utf8, to: folder.path("points.json"))
    for start in ["", " --late-start 950"] {
      let samples = try samples(
        "mixture:\(folder.path("points.json"))", "--sampler ddpm --steps 100 --count 4000" + start)
      let values = samples.floats
      let points: [(x: Float, y: Float)] = [(2, 0.5), (-2, 0.5), (0, -1)]
      var counts = [0, 0, 0]
      var square: Float = 0
      for row in 0..<4000 {
        let (x, y) = (values[2 * row], values[2 * row + 1])
        let distances = points.map { ($0.x - x) * ($0.x - x) + ($0.y - y) * ($0.y - y) }
        let nearest = try #require(distances.indices.min { distances[$0] < distances[$1] })
        counts[nearest] += 1
        square += distances[nearest]
      }
      for (count, expected) in zip(counts, [1000, 2000, 1000]) { #expect(abs(count - expected) < 130, "\(counts)") }
      // Steps of first order leave a third more.
      #expect(abs(square / 8000 - 0.01) < 0.005)
    }
  }

  @Test("A Gaussian: samples have the mean and the variance of the statistics, as pictures too")
  func gaussian() throws {
    let file = folder.path("s.safetensors")
    let made = try Program.run([
      "statistics", "--quiet", "--data", Fixtures.path("mnist/t10k-images-idx3-ubyte.gz"), "--rank", "16", "--output",
      file,
    ])
    #expect(made.status == 0, "\(made.error)")
    let samples = try samples("gaussian:\(file)", "--sampler dpm++2m --steps 50 --count 500")
    let mean = try #require(try SafetensorsFile(file).entries["mean"].map { try SafetensorsFile(file).floats($0) })
    #expect(samples.shape == [500, 1, 28, 28])
    let error = mean.indices.reduce(Float(0)) { error, pixel in
      let own = (0..<500).reduce(Float(0)) { $0 + samples.floats[$1 * 784 + pixel] } / 500
      return error + (own - mean[pixel]) * (own - mean[pixel])
    }
    // Of 500 samples the mean is off by the total variance, about 211, over 500.
    #expect(error > 0.3 && error < 0.55)
    let picture = try Program.run([
      "sample", "--world", "gaussian:\(file)", "--quiet", "--sampler", "ddim", "--steps", "5", "--count", "4",
      "--device", "cpu", "--output", folder.path("x.png"),
    ])
    #expect(picture.status == 0, "\(picture.error)")
    #expect(try PNGImage(contentsOf: folder.path("x.png")).width == 58)
  }

  @Test(
    "What is no world is refused in one line",
    arguments: [
      ("nonesuch", "'nonesuch'"), ("hypersphere:0", "dimension"), ("hypersphere:3:-1", "radius"),
      ("mixture:nowhere.json", "nowhere.json"), ("gaussian:nowhere", "nowhere"), ("two-points:3", "two-points:3"),
    ])
  func refuses(world: String, expected: String) throws {
    let result = try Program.run(["sample", "--world", world, "--quiet", "--output", folder.path("x.npy")])
    #expect(result.status != 0 && result.error.contains(expected), "\(result.error)")
    #expect(result.error.split(separator: "\n").count == 1)
  }

  @Test(
    "A mixture's file is checked",
    arguments: [
      ("[]", "points"), (#"{"points": []}"#, "points"), (#"{"points": [[1], [1, 2]]}"#, "equal dimension"),
      (#"{"points": [[1], [2]], "weights": [1]}"#, "weights"), (#"{"points": [[1e999]]}"#, "points"),
      (#"{"points": [[1]], "weights": [0]}"#, "weights"), (#"{"points": [[1]], "variance": -1}"#, "variance"),
    ])
  func brokenMixtures(text: String, expected: String) throws {
    try OutputFile.write(text.utf8, to: folder.path("p.json"))
    let result = try Program.run([
      "sample", "--world", "mixture:\(folder.path("p.json"))", "--quiet", "--output", folder.path("x.npy"),
    ])
    #expect(result.status != 0 && result.error.contains(expected), "\(result.error)")
  }
}
