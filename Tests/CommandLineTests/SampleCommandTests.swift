import Files
import Foundation
import TestSupport
import Testing

@Suite("diffuse-gpu sample", .serialized)
struct SampleCommandTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// Samples with the embedded model and few steps; expects success.
  @discardableResult
  private func sample(_ arguments: String, to output: String) throws -> Program.Result {
    let words = arguments.split(separator: " ").map(String.init)
    let result = try Program.run(
      ["sample", "--sampler", "ddim", "--device", "cpu", "--output", folder.path(output)] + words)
    #expect(result.status == 0, "\(result.error)")
    return result
  }

  private func values(_ name: String) throws -> [Float] { try NumpyArray(contentsOf: folder.path(name)).floats }

  private func largestDifference(_ first: some Sequence<Float>, _ second: some Sequence<Float>) -> Float {
    zip(first, second).reduce(0) { max($0, abs($1.0 - $1.1)) }
  }

  @Test("Image i depends on its seed, not on the batch, the count or the order")
  func batchInvariance() throws {
    try sample("--steps 5 --seeds 3,0-2 --batch 4", to: "four.npy")
    try sample("--steps 5 --seed 0 --count 3 --batch 2", to: "three.npy")
    try sample("--steps 5 --seeds 3", to: "one.npy")
    let (four, three, one) = (try values("four.npy"), try values("three.npy"), try values("one.npy"))
    #expect(four.count == 4 * 784 && three.count == 3 * 784 && one.count == 784)
    #expect(largestDifference(four[..<784], one) < 3e-4)
    #expect(largestDifference(four[784...], three) < 3e-4)
    #expect(largestDifference(four[784...], one) > 0.5)
  }

  @Test("Stochastic samplers do not depend on the batch either")
  func stochasticBatchInvariance() throws {
    try sample("--steps 5 --seeds 0-2 --eta 1", to: "three.npy")
    try sample("--steps 5 --seeds 2 --eta 1", to: "one.npy")
    #expect(largestDifference(try values("three.npy")[(2 * 784)...], try values("one.npy")) < 3e-4)
  }

  @Test("ddpm-paper is DDIM with eta 1, and its record says so")
  func paperDDPM() throws {
    try sample("--steps 3 --seeds 4 --eta 1", to: "ddim.npy")
    try sample("--steps 3 --seeds 4 --sampler ddpm-paper", to: "paper.npy")
    #expect(try fileBytes(folder.path("ddim.npy")) == fileBytes(folder.path("paper.npy")))
    #expect(try fileBytes(folder.path("ddim.json")) == fileBytes(folder.path("paper.json")))
  }

  @Test("The CPU and OpenCL draw the same picture after 50 steps")
  func devices() throws {
    try sample("--steps 50 --count 2", to: "cpu.npy")
    try sample("--steps 50 --count 2 --device opencl", to: "opencl.npy")
    // The last --device counts. Two of 255 grey levels, in a range of two.
    #expect(largestDifference(try values("cpu.npy"), try values("opencl.npy")) < 4 / 255)
  }

  @Test("--no-clip leaves estimates as they are where a scheduler would clip them, and says so beside the images")
  func clipping() throws {
    let folder = Fixtures.path("sampling/trained/ddim-10"), clipping = "\(folder)/scheduler_config.json"
    let text = try String(contentsOfFile: clipping, encoding: .utf8)
    #expect(text.contains("\"clip_sample\": true"))
    let free = self.folder.path("free.json")
    try text.replacing("\"clip_sample\": true", with: "\"clip_sample\": false").write(
      toFile: free, atomically: true, encoding: .utf8)
    func sampled(_ configuration: String, _ more: [String], _ name: String) throws -> [Float] {
      let result = try Program.run(
        ["sample", "--scheduler-config", configuration, "--steps", "5", "--count", "2", "--device", "cpu"]
          + ["--output", self.folder.path(name)] + more)
      #expect(result.status == 0, "\(result.error)")
      return try values(name)
    }
    let clipped = try sampled(clipping, [], "clipped.npy")
    let asked = try sampled(clipping, ["--no-clip"], "asked.npy")
    #expect(asked == (try sampled(free, [], "unclipped.npy")))
    #expect(largestDifference(asked, clipped) > 0.01)
    #expect(try JSONValue(contentsOf: self.folder.path("asked.json"))["clips"] == .boolean(false))
    #expect(try JSONValue(contentsOf: self.folder.path("clipped.json"))["clips"] == nil)
  }

  @Test("The four forms of output hold the same images")
  func forms() throws {
    for output in ["x.npy", "x.npz", "x.png", "pictures"] { try sample("--steps 2 --count 3", to: output) }
    let raw = try values("x.npy")
    let bytes = raw.map { UInt8((255 * min(max(0, $0 / 2 + 0.5), 1)).rounded(.toNearestOrEven)) }
    let archive = try NumpyArchive.array("arr_0", in: folder.path("x.npz"))
    #expect(archive.shape == [3, 28, 28, 1])
    #expect(archive.integers == bytes.map(Int.init))
    #expect(try folder.listing().filter { $0.hasPrefix("x.") } == ["x.json", "x.npy", "x.npz", "x.png"])
    for seed in 0..<3 {
      let picture = try PNGImage(contentsOf: folder.path("pictures/00000\(seed).png"))
      #expect(picture.pixels == Array(bytes[seed * 784..<(seed + 1) * 784]))
    }
    let grid = try PNGImage(contentsOf: folder.path("x.png"))
    #expect((grid.width, grid.height) == (58, 58))
    #expect(grid.pixels[30 * 58..<30 * 58 + 28] == ArraySlice(bytes[2 * 784..<2 * 784 + 28]))
    let record = try JSONValue(contentsOf: folder.path("x.json"))
    #expect(record["steps"]?.int == 2 && record["function_evaluations"]?.int == 2)
    #expect(record["seeds"]?.array?.compactMap(\.int) == [0, 1, 2])
    #expect(record["scheduler"]?.string == "DDIMScheduler")
  }

  @Test("--skip-existing makes only what is missing")
  func skipExisting() throws {
    try sample("--steps 1 --seeds 1", to: "pictures")
    let before = try FileManager.default.attributesOfItem(atPath: folder.path("pictures/000001.png"))
    try sample("--steps 1 --count 3 --skip-existing", to: "pictures")
    let after = try FileManager.default.attributesOfItem(atPath: folder.path("pictures/000001.png"))
    #expect(before[.modificationDate] as? Date == after[.modificationDate] as? Date)
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path("pictures")).sorted()
    #expect(names == ["000000.png", "000001.png", "000002.png", "run.json"])
  }

  @Test("The trajectory is written as grids and as an animation")
  func trajectory() throws {
    try sample("--steps 4 --count 1 --save-every 2 --animate \(folder.path("a.png"))", to: "x.png")
    #expect(try folder.listing() == ["a.png", "x-step0002.png", "x-step0004.png", "x.json", "x.png"])
    let last = try PNGImage(contentsOf: folder.path("x-step0004.png"))
    #expect(last == (try PNGImage(contentsOf: folder.path("x.png"))))
    let animation = try fileBytes(folder.path("a.png"))
    #expect(String(decoding: animation, as: Unicode.ASCII.self).contains("acTL"))
  }

  @Test("flow keeps the image of each seed, gaussian does not, noise is worse than both")
  func lateStarts() throws {
    let arguments = "--steps 25 --count 8"
    try sample(arguments, to: "prior.npy")
    for kind in ["flow", "gaussian"] {
      try sample("\(arguments) --late-start 900 --late-start-init \(kind)", to: "\(kind).npy")
    }
    let prior = try values("prior.npy")
    func meanDifference(_ name: String) throws -> Float {
      let other = try values(name)
      return zip(prior, other).reduce(0) { $0 + abs($1.0 - $1.1) } / Float(prior.count)
    }
    let (flow, gaussian) = (try meanDifference("flow.npy"), try meanDifference("gaussian.npy"))
    #expect(flow < 0.5 * gaussian, "\(flow) \(gaussian)")
  }

  @Test("Real pictures noised a little come back nearly the same, noised much they do not")
  func inputImages() throws {
    let images = Fixtures.path("mnist/t10k-images-idx3-ubyte.gz")
    try sample("--steps 10 --count 4 --input-images \(images) --from 50", to: "near.npy")
    try sample("--steps 10 --count 4 --input-images \(images) --from 900", to: "far.npy")
    let stream = try ByteStream(images)
    _ = try stream.read(16)
    let original = try stream.read(4 * 784).map { Float($0) / 127.5 - 1 }
    func meanDifference(_ name: String) throws -> Float {
      zip(original, try values(name)).reduce(0) { $0 + abs($1.0 - $1.1) } / Float(original.count)
    }
    #expect(try meanDifference("near.npy") < 0.1)
    #expect(try meanDifference("far.npy") > 0.1)
  }

  @Test("Ctrl-C keeps the images that are finished")
  func interruption() throws {
    let result = try Program.run(
      ["sample", "--steps", "20", "--count", "4000", "--batch", "1", "--device", "cpu", "--output", folder.path("p")],
      interruptWhen: { FileManager.default.fileExists(atPath: self.folder.path("p/000001.png")) })
    #expect(result.status == 130, "\(result.error)")
    #expect(result.error.contains("stopped: "))
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path("p"))
    let pictures = names.filter { $0.hasSuffix(".png") }
    #expect(names.contains("run.json") && !pictures.isEmpty && pictures.count < 4000)
    for name in pictures { _ = try PNGImage(contentsOf: folder.path("p/\(name)")) }
    let record = try JSONValue(contentsOf: folder.path("p/run.json"))
    #expect(record["seeds"]?.array?.count == pictures.count)
  }

  @Test("JSON output is one document")
  func json() throws {
    let result = try sample("--steps 1 --count 1 --json --quiet", to: "x.npy")
    #expect(result.error.isEmpty)
    var bytes = Array(result.output.utf8)
    let document = try bytes.withUnsafeMutableBytes { try JSONValue(parsing: .init($0), path: "output") }
    #expect(document["images"]?.int == 1)
  }
}
