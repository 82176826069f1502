import Files
import Foundation
import TestSupport
import Testing

@Suite("The contract with diffusers", .serialized)
struct GoldenTests {
  /// The devices that every golden case runs on.
  static let devices = ["cpu", "opencl"]

  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// The largest absolute difference over the largest absolute value.
  static func relativeError(_ path: String, _ expectedPath: String) throws -> (error: Float, largest: Float) {
    let (actual, expected) = (try NumpyArray(contentsOf: path), try NumpyArray(contentsOf: expectedPath))
    #expect(actual.shape == expected.shape)
    let largest = expected.floats.reduce(0) { max($0, abs($1)) }
    let difference = zip(actual.floats, expected.floats).reduce(0) { max($0, abs($1.0 - $1.1)) }
    return (difference / largest, largest)
  }

  @Test(
    "forward agrees with diffusers",
    arguments: ["unet-ddpm-cifar-like", "unet-scale-shift", "unet-tutorial-defaults", "unet-class-conditional"], devices
  )
  func forward(name: String, device: String) throws {
    let fixture = Fixtures.path(name)
    var arguments = [
      "forward", "--model", fixture, "--input", "\(fixture)/sample.npy", "--timesteps", "\(fixture)/timesteps.npy",
      "--output", folder.path("out.npy"), "--device", device,
    ]
    if FileManager.default.fileExists(atPath: "\(fixture)/class_labels.npy") {
      arguments += ["--class-labels", "\(fixture)/class_labels.npy"]
    }
    let result = try Program.run(arguments)
    #expect(result.status == 0, "\(result.error)")
    // Plain 32-bit arithmetic reaches 2e-6.
    #expect(try Self.relativeError(folder.path("out.npy"), "\(fixture)/expected.npy").error < 1e-5)
  }

  @Test(
    "sample agrees with diffusers on a random network",
    arguments: ["ddim-10", "ddim-eta1-5", "ddpm-10", "dpmpp-2m-10", "euler-10", "heun-6", "pndm-10"], devices)
  func sampleRandom(name: String, device: String) throws {
    try sample("sampling/random/\(name)", model: Fixtures.path("sampling/random"), device: device)
  }

  @Test(
    "sample agrees with diffusers on the MNIST model",
    arguments: ["ddim-10", "ddpm-10", "dpmpp-2m-10", "heun-6"], devices)
  func sampleTrained(name: String, device: String) throws {
    try sample("sampling/trained/\(name)", model: nil, device: device)
  }

  private func sample(_ name: String, model: String?, device: String) throws {
    let fixture = Fixtures.path(name)
    let settings = try JSONValue(contentsOf: "\(fixture)/case.json")
    var arguments = [
      "sample", "--scheduler-config", "\(fixture)/scheduler_config.json", "--steps",
      "\(try #require(settings["num_inference_steps"]?.int))", "--initial-noise", "\(fixture)/initial_noise.npy",
      "--output", folder.path("out.npy"), "--device", device, "--quiet",
    ]
    if let model { arguments += ["--model", model] }
    if let eta = settings["eta"]?.double, eta > 0 { arguments += ["--eta", "\(eta)"] }
    if FileManager.default.fileExists(atPath: "\(fixture)/step_noise.npy") {
      arguments += ["--step-noise", "\(fixture)/step_noise.npy"]
    }
    let result = try Program.run(arguments)
    #expect(result.status == 0, "\(result.error)")
    let (error, largest) = try Self.relativeError(folder.path("out.npy"), "\(fixture)/expected.npy")
    #expect(error < (largest > 5 ? 3e-5 : 1e-3), "\(error) of \(largest)")
  }
}
