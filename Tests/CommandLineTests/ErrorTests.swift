import Files
import Foundation
import TestSupport
import Testing

@Suite("Bad input is one clear line, a failure, and no output", .serialized)
struct ErrorTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// Runs a command that must fail with one line that contains `expected`, and leave no output.
  private func expectFailure(
    _ arguments: [String], _ expected: String, environment: [String: String] = [:]
  ) throws {
    // Looking for OpenCL devices takes a moment that most of these need not spend.
    let result = try Program.run(arguments, environment: ["DIFFUSE_DEVICE": "cpu"].merging(environment) { $1 })
    #expect(result.status > 0 && result.status < 128, "status \(result.status) of \(arguments)")
    let lines = result.error.split(separator: "\n")
    #expect(lines.count == 1, "\(result.error)")
    #expect(result.error.contains(expected), "\(result.error)")
    #expect(result.output.isEmpty)
    #expect(try !folder.listing().contains { $0.hasPrefix("out") })
  }

  private func sample(
    _ arguments: String, _ expected: String, environment: [String: String] = [:], output: String? = nil
  ) throws {
    let words = arguments.split(separator: " ").map(String.init)
    try expectFailure(
      ["sample", "--quiet", "--steps", "2", "--count", "1", "--output", output ?? folder.path("out.npy")] + words,
      expected, environment: environment)
  }

  @Test(
    "Arguments that make no sense name themselves",
    arguments: [
      ("--data nonesuch", "nonesuch"), ("--data x --class 1", "--class"), ("--precision half", "--precision half"),
      ("--steps 0", "--steps: 0"), ("--steps 1001 --sampler ddim", "1001"), ("--late-start 0", "start 0"),
      ("--late-start 1000", "start 1000"), ("--late-start=-5", "start -5"), ("--device cuda", "'cuda'"),
      ("--device opencl:99", "99"), ("--device opencl:nonesuch", "nonesuch"), ("--sampler nonesuch", "nonesuch"),
      ("--class 3", "--class"), ("--eta 2 --sampler ddim", "--eta"), ("--eta 0.5 --sampler heun", "eta"),
      ("--eta 1 --sampler ddpm-paper", "--eta exclude"), ("--churn 5 --sampler ddim", "churn"),
      ("--churn=-1", "--churn"),
      ("--churn-noise 1", "--churn-noise"), ("--churn 5 --churn-sigmas 9..1 --sampler heun", "--churn-sigmas"),
      ("--batch 0", "--batch: 0"), ("--threads 0", "--threads: 0"), ("--max-memory 1MB", "--max-memory"),
      ("--max-memory lots", "lots"), ("--size 30", "30x30"), ("--size 28xx", "--size"),
      ("--input-images nowhere --from 10", "nowhere"), ("--from 10", "--input-images"),
      ("--late-start 5 --statistics nowhere", "nowhere"), ("--model nowhere", "nowhere"),
      ("--scheduler-config nowhere", "nowhere"),
      ("--step-noise x.npy", "--initial-noise"), ("--initial-noise nowhere.npy", "nowhere.npy"),
      ("--late-start 500 --input-images x --from 3", "exclude"),
    ])
  func arguments(typed: String, expected: String) throws { try sample(typed, expected) }

  @Test("Seeds that make no sense name themselves")
  func seeds() throws {
    for (arguments, expected) in [
      (["--seeds", "3-1"], "3-1"), (["--seeds", "x"], "'x'"), (["--count", "0"], "--count 0"),
      (["--seeds", "1", "--count", "2"], "exclude"),
    ] {
      try expectFailure(["sample", "--quiet", "--output", folder.path("out.npy")] + arguments, expected)
    }
  }

  @Test("Without a driver an explicit opencl fails, and auto says why it takes the CPU")
  func noDriver() throws {
    try OutputFile.prepareFolder(folder.path("vendors"))
    let environment = ["OCL_ICD_VENDORS": folder.path("vendors"), "OCL_ICD_FILENAMES": ""]
    try sample("--device opencl", "OpenCL", environment: environment)
    let result = try Program.run(
      ["sample", "--steps", "1", "--count", "1", "--output", folder.path("x.npy")],
      environment: environment.merging(["DIFFUSE_DEVICE": "auto"]) { $1 })
    #expect(result.status == 0)
    #expect(
      result.error.split(separator: "\n").filter { $0.hasPrefix("using the CPU: ") }.count == 1, "\(result.error)")
  }

  @Test("A place that cannot be written is found out before any work")
  func unwritable() throws {
    try OutputFile.write([1], to: folder.path("file"))
    try sample("", "file", output: folder.path("file/pictures"))
    try sample("", "missing", output: folder.path("missing/x.npy"))
    try sample("", ".jpeg", output: folder.path("x.jpeg"))
  }

  /// A copy of the random network's directory, in which something may be broken.
  private func model() throws -> String {
    let path = folder.path("model")
    try? FileManager.default.removeItem(atPath: path)
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    try FileManager.default.copyItem(atPath: Fixtures.path("sampling/random/unet"), toPath: path + "/unet")
    return path
  }

  private func replace(_ text: String, by other: String, in file: String) throws {
    let old = try String(contentsOfFile: file, encoding: .utf8)
    #expect(old.contains(text))
    try old.replacingOccurrences(of: text, with: other).write(toFile: file, atomically: true, encoding: .utf8)
  }

  @Test("Broken configurations name the file and the fault")
  func brokenConfigurations() throws {
    for (text, other, expected) in [
      ("\"DownBlock2D\"", "\"SideBlock2D\"", "SideBlock2D"), ("\"silu\"", "\"swoosh\"", "swoosh"),
      ("{", "", "not JSON"), ("\"norm_num_groups\": 8", "\"norm_num_groups\": 7", "7"),
      ("\"layers_per_block\": 1", "\"layers_per_block\": 2", "missing"),
      ("\"in_channels\": 1", "\"in_channels\": 2", "conv_in"),
    ] {
      let path = try model()
      try replace(text, by: other, in: path + "/unet/config.json")
      try sample("--model \(path)", expected)
    }
  }

  @Test("Broken weights name the file and the fault")
  func brokenWeights() throws {
    let name = "/unet/diffusion_pytorch_model.safetensors"
    let original = try fileBytes(Fixtures.path("sampling/random\(name)"))
    var nan = original
    nan.replaceSubrange((nan.count - 4)..., with: [0, 0, 0xC0, 0x7F])
    for (bytes, expected) in [
      (Array(original[..<4000]), "cut short"), (Array(original.dropLast(8)), "cut short"),
      ([UInt8](repeating: 0xFF, count: 8) + original[8...], "is not safetensors"), (nan, "nan"), ([], "is empty"),
    ] {
      let path = try model()
      try FileManager.default.removeItem(atPath: path + name)
      try OutputFile.write(bytes, to: path + name)
      try sample("--model \(path)", expected)
    }
    let path = try model()
    try FileManager.default.removeItem(atPath: path + name)
    try sample("--model \(path)", "unet")
  }

  @Test("Broken schedulers name the file and the fault")
  func brokenSchedulers() throws {
    for (text, expected) in [
      (#"{"_class_name": "NoneSuchScheduler"}"#, "NoneSuchScheduler"),
      (#"{"_class_name": "DDIMScheduler", "beta_schedule": "nonesuch"}"#, "nonesuch"),
      (#"{"_class_name": "DDIMScheduler", "prediction_type": "nonesuch"}"#, "nonesuch"), ("[]", "object"),
    ] {
      try OutputFile.write(text.utf8, to: folder.path("scheduler.json"))
      try sample("--scheduler-config \(folder.path("scheduler.json"))", expected)
    }
  }

  @Test("Arrays of another shape name the file")
  func brokenArrays() throws {
    try OutputFile.write(NumpyArray([1, 2], shape: [2]).encoded(), to: folder.path("flat.npy"))
    try sample("--initial-noise \(folder.path("flat.npy"))", "flat.npy")
    let wide = NumpyArray(.init(repeating: 0, count: 2 * 64), shape: [1, 2, 8, 8])
    try OutputFile.write(wide.encoded(), to: folder.path("wide.npy"))
    try sample(
      "--model \(Fixtures.path("sampling/random")) --initial-noise \(folder.path("wide.npy"))", "--initial-noise")
    let fixture = Fixtures.path("sampling/random/ddpm-10")
    try sample(
      "--model \(Fixtures.path("sampling/random")) --scheduler-config \(fixture)/scheduler_config.json --initial-noise "
        + "\(fixture)/initial_noise.npy --step-noise \(fixture)/initial_noise.npy", "--step-noise")
    // Too few draws for the sampler.
    try sample(
      "--model \(Fixtures.path("sampling/random")) --scheduler-config \(fixture)/scheduler_config.json --initial-noise "
        + "\(fixture)/initial_noise.npy --steps 10", "noise")
  }

  @Test("Statistics of other images name the sizes")
  func otherStatistics() throws {
    let images = NumpyArray((0..<64).map { Float($0 % 7) / 7 }, shape: [4, 1, 4, 4])
    try OutputFile.write(images.encoded(), to: folder.path("images.npy"))
    let made = try Program.run([
      "statistics", "--quiet", "--data", folder.path("images.npy"), "--output", folder.path("s.safetensors"),
    ])
    #expect(made.status == 0, "\(made.error)")
    try sample("--late-start 500 --statistics \(folder.path("s.safetensors"))", "1x4x4")
    try sample("--model \(Fixtures.path("sampling/random")) --late-start 500", "statistics")
    try sample("--late-start 5 --statistics \(Fixtures.path("sampling/random/unet/config.json"))", "config.json")
  }
}
