import Files
import Foundation
import TestSupport
import Testing

@Suite("The other commands", .serialized)
struct OtherCommandTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func run(_ arguments: String) throws -> JSONValue {
    let result = try Program.run(arguments.split(separator: " ").map(String.init) + ["--json", "--quiet"])
    #expect(result.status == 0, "\(result.error)")
    var bytes = Array(result.output.utf8)
    return try bytes.withUnsafeMutableBytes { try JSONValue(parsing: .init($0), path: "output") }
  }

  @Test(
    "Every command explains itself",
    arguments: ["sample", "forward", "devices", "check", "statistics", "evaluate", "bench", "info", "init"])
  func help(command: String) throws {
    let result = try Program.run([command, "--help"])
    #expect(result.status == 0)
    #expect(result.output.hasPrefix("OVERVIEW: "))
    #expect(result.output.contains("--quiet"))
  }

  @Test("bench reports ceilings, layers and the whole network")
  func bench() throws {
    let report = try run("bench --batch 1 --repeat 1 --device cpu")
    #expect(report["network"]?["seconds"]?.array?.count == 1)
    #expect((report["ceilings"]?["product"]?.double ?? 0) > 1e8)
    #expect((report["layers"]?.array?.count ?? 0) > 20)
  }

  @Test("--version prints a version")
  func version() throws {
    let result = try Program.run(["--version"])
    #expect(result.output.firstMatch(of: /^\d+\.\d+\.\d+\n$/) != nil)
  }

  @Test("info counts parameters and operations")
  func info() throws {
    let embedded = try run("info")
    #expect(embedded["parameters"]?.int == 1_112_801)
    #expect(embedded["image"]?.string == "1x28x28")
    let twice = try run("info --batch 2")
    let once = try #require(embedded["floating_point_operations"]?.int)
    #expect(twice["floating_point_operations"]?.int == 2 * once)
  }

  @Test("init, then forward: a seed gives the same network every time, another seed another one")
  func initialise() throws {
    let config = Fixtures.path("sampling/random/unet/config.json")
    let noise = Fixtures.path("sampling/random/ddim-10/initial_noise.npy")
    try OutputFile.write(NumpyArray([10], shape: [1]).encoded(), to: folder.path("t.npy"))
    var outputs: [[Float]] = []
    for (name, seed) in [("a", 1), ("b", 1), ("c", 2)] {
      _ = try run("init \(config) --seed \(seed) --output \(folder.path(name))")
      _ = try run(
        "forward --model \(folder.path(name)) --input \(noise) --timesteps \(folder.path("t.npy")) --device cpu --output "
          + folder.path("\(name).npy"))
      outputs.append(try NumpyArray(contentsOf: folder.path("\(name).npy")).floats)
    }
    #expect(outputs[0] == outputs[1])
    #expect(outputs[0] != outputs[2])
  }

  @Test("statistics are found in a model directory, and evaluate measures with them")
  func statistics() throws {
    let images = Fixtures.path("mnist/t10k-images-idx3-ubyte.gz")
    let made = try run("statistics --data \(images) --rank 100 --output \(folder.path("s.safetensors"))")
    #expect(made["images"]?.int == 10_000 && made["rank"]?.int == 100)
    let variance = try #require(made["variance"]?.double)
    #expect(abs(variance - 211.414) < 0.01)
    _ = try run(
      "sample --sampler ddim --steps 2 --count 4 --late-start 300 --device cpu --statistics \(folder.path("s.safetensors")) "
        + "--output \(folder.path("x.npy"))")
    let measured = try run("evaluate \(folder.path("x.npy")) --statistics \(folder.path("s.safetensors"))")
    let distance = try #require(measured.array?.first)
    #expect(distance["images"]?.int == 4)
    #expect(try #require(distance["pixel_frechet_distance"]?.double) > 0)
  }

  @Test("devices lists the CPU and the OpenCL devices")
  func devices() throws {
    let listing = try run("devices")
    let kinds = (listing["devices"]?.array ?? []).compactMap { $0["backend"]?.string }
    #expect(kinds.first == "cpu")
    if ProcessInfo.processInfo.environment["DIFFUSE_REQUIRE_OPENCL"] == "1" { #expect(kinds.contains("opencl")) }
  }
}
