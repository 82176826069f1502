import Files
import TestSupport
import Testing

@Suite("Times of kernels")
struct KernelTimesTests {
  @Test("bench tells launches, waits and bytes of an OpenCL device, and the time of each kernel if it is asked")
  func bench() throws {
    let arguments = ["bench", "--batch", "1", "--repeat", "1", "--network-only", "--device", "opencl", "--quiet"]
    let plain = try Program.run(arguments), timed = try Program.run(arguments + ["--kernels"])
    #expect(plain.status == 0 && plain.output.contains("launches     "), "\(plain.output)\(plain.error)")
    #expect(!plain.output.contains("by the device's clock") && timed.output.contains("by the device's clock"))
    let json = try JSONValue(Program.run(arguments + ["--kernels", "--json"]).output, path: "bench")
    let kernels = try #require(json["kernels"]?.array)
    let launches = kernels.compactMap { $0["launches"]?.int }.reduce(0, +)
    #expect(launches == json["activity"]?["launches"]?.int && launches > 50)
    #expect(kernels.allSatisfy { ($0["seconds"]?.double ?? 0) > 0 })
    // An evaluation waits for nothing, and only the time embedding goes to the device.
    #expect(json["activity"]?["waits"]?.int == 0 && json["activity"]?["bytes_read"]?.int == 0)
    #expect(try #require(json["activity"]?["bytes_written"]?.int) < 4096)
  }

  @Test("The processor's own backend has no clock, and says so in one line")
  func refusal() throws {
    let result = try Program.run(["bench", "--kernels", "--network-only", "--device", "cpu", "--quiet"])
    #expect(result.status != 0 && result.error.hasPrefix("Error: --kernels: "), "\(result.error)")
    #expect(result.error.split(separator: "\n").count == 1 && result.output.isEmpty)
  }

  @Test("bench takes a checkpoint of other code")
  func checkpoint() throws {
    let path = Fixtures.path("checkpoints/edm-song.pkl")
    let result = try Program.run([
      "bench", "--model", path, "--network-only", "--device", "cpu", "--batch", "1", "--repeat", "1", "--quiet",
      "--json",
    ])
    #expect(result.status == 0, "\(result.error)")
    #expect(try JSONValue(result.output, path: "bench")["layers"]?.array?.isEmpty == false, "\(result.output)")
  }

  @Test("DIFFUSE_PROFILE=1 prints them after any run, to standard error")
  func environment() throws {
    let folder = try TemporaryFolder()
    let arguments = [
      "sample", "--sampler", "ddim", "--steps", "1", "--count", "1", "--device", "opencl", "--quiet", "--output",
      folder.path("x.npy"),
    ]
    let timed = try Program.run(arguments, environment: ["DIFFUSE_PROFILE": "1"])
    #expect(timed.status == 0 && timed.error.contains("by the device's clock"), "\(timed.error)")
    #expect(timed.error.contains("  convolve_"))
    let plain = try Program.run(arguments, environment: ["DIFFUSE_PROFILE": ""])
    #expect(plain.status == 0 && !plain.error.contains("clock"))
  }
}
