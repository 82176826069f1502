import DiffuseGPU
import Files
import Foundation
import TestSupport
import Testing

@Suite("evaluate and statistics in a classifier's features")
struct EvaluateCommandTests {
  private let folder: TemporaryFolder
  private let digits: [Float]

  init() throws {
    folder = try TemporaryFolder()
    digits = try Dataset.open(Fixtures.path("mnist/t10k-images-idx3-ubyte.gz")).next(60)
  }

  private func write(_ name: String, _ images: [Float]) throws -> String {
    try NumpyArray(images, shape: [images.count / 784, 1, 28, 28]).write(to: folder.path(name))
    return folder.path(name)
  }

  private func evaluate(_ arguments: [String]) throws -> [JSONValue] {
    let result = try Program.run(
      ["evaluate", "--classifier", "mnist-classifier", "--device", "cpu", "--json", "--quiet"] + arguments)
    #expect(result.status == 0, "\(result.error)")
    return try #require(JSONValue(result.output, path: "evaluate").array)
  }

  @Test("The carried classifier brings the features of its data, and every measure has its interval")
  func carried() throws {
    let images = try write("a.npy", digits)
    let found = try #require(
      evaluate([images, "--measures", "frechet,kid,pr,composition,is", "--bootstrap", "20"]).first)
    for name in ["feature_frechet_distance", "kernel_distance", "precision", "recall", "density", "coverage"] {
      let value = try #require(found[name]?.double, "\(name)"), interval = found[name + "_interval"]
      let (lower, upper) = try (
        #require(interval?["lower"]?.double), #require(interval?["upper"]?.double)
      )
      #expect(lower <= value && value <= upper, "\(name)")
    }
    #expect(found["reference"]?["images"]?.int == 60_000)
    #expect(found["classes"]?.array?.count == 10 && found["classes_of_data"]?.array?.count == 10)
    let question = try #require(found["questions"]?.array?.first)
    #expect(question["corrected_entropy_interval"] != nil && question["entropy_of_data"] != nil)
    #expect(try #require(found["inception_scores"]?.array?.first?["score"]?.double) > 5)
    #expect(found["quantization"]?.string == eightBitRule)
  }

  @Test("Numbers and pictures of the same samples measure the same, however far the numbers lie outside")
  func quantization() throws {
    let wild = digits.indices.map { 1.7 * digits[$0] + 0.3 * Float(sin(Double($0))) }
    let bytes = ImageConversion.interleaved(wild, ImageShape(channels: 1, height: 28, width: 28))
    var archive = NumpyArchive()
    archive.add("arr_0", npy: NumpyArray.encoded(bytes: bytes, shape: [60, 28, 28, 1]))
    try archive.write(to: folder.path("b.npz"))
    let found = try evaluate([write("b.npy", wild), folder.path("b.npz"), "--bootstrap", "0"])
    #expect(found.count == 2 && found[0]["feature_frechet_distance"] != nil)
    #expect(found[0]["feature_frechet_distance"] == found[1]["feature_frechet_distance"])
    #expect(found[0]["feature_frechet_distance_interval"] == nil)
  }

  @Test("A reference that statistics writes measures as the data do, and as its mu and sigma do")
  func reference() throws {
    let (data, samples) = try (write("data.npy", digits), write("s.npy", Array(digits[..<(40 * 784)])))
    func statistics(_ output: String, _ more: [String] = []) throws -> JSONValue {
      let result = try Program.run(
        [
          "statistics", "--data", data, "--classifier", "mnist-classifier", "--device", "cpu", "--json", "--output",
          folder.path(output),
        ] + more)
      #expect(result.status == 0, "\(result.error)")
      return try JSONValue(result.output, path: "statistics")
    }
    #expect(try statistics("r.safetensors", ["--rows", "30"])["rows"]?.int == 30)
    _ = try statistics("r.npz")
    let distances = try [
      ["--data", data], ["--reference", folder.path("r.safetensors")], ["--reference", folder.path("r.npz")],
    ]
    .map { try #require(evaluate([samples, "--bootstrap", "0"] + $0).first?["feature_frechet_distance"]?.double) }
    #expect(distances[0] > 0.01)
    for distance in distances { #expect(abs(distance / distances[0] - 1) < 1e-5) }
    let both = try evaluate(
      [samples, "--reference", folder.path("r.safetensors"), "--measures", "kid,pr", "--bootstrap", "0"])
    #expect(both.first?["precision"] != nil && both.first?["feature_frechet_distance"] == nil)
  }

  @Test("The features of samples are written, and the first of a set are measured as if it held no more")
  func features() throws {
    let (all, part) = try (write("all.npy", digits), write("part.npy", Array(digits[..<(25 * 784)])))
    let counted = try evaluate([all, "--count", "25", "--bootstrap", "0", "--features-out", folder.path("f.npz")])
    let whole = try evaluate([part, "--bootstrap", "0"])
    #expect(counted.first?["feature_frechet_distance"] == whole.first?["feature_frechet_distance"])
    let features = try NumpyArchive.array("features", in: folder.path("f.npz"))
    #expect(features.shape == [25, 128])
    #expect(
      try NumpyArchive.names(in: folder.path("f.npz")) == [
        "features", "mu", "sigma", "logits_0", "classes_0", "network",
      ])
  }

  @Test("What cannot be measured is refused in one line that says what would be right")
  func refusals() throws {
    let (two, three) = try (write("2.npy", Array(digits[..<1568])), write("3.npy", Array(digits[..<2352])))
    let one = try write("1.npy", Array(digits[..<784]))
    let nan = try write("nan.npy", .init(repeating: .nan, count: 1568))
    let made = try Program.run([
      "statistics", "--data", Self.clothes(folder), "--classifier", "fashion-mnist-classifier", "--device", "cpu",
      "--output", folder.path("clothes.safetensors"),
    ])
    #expect(made.status == 0, "\(made.error)")
    let classifier = ["--classifier", "mnist-classifier", "--device", "cpu"]
    let cases: [(arguments: [String], words: String)] = [
      (["evaluate", two, three] + classifier, "--count N"), (["evaluate", two, three], "--count N"),
      (["evaluate", two, "--count", "3"] + classifier, "--count"), (["evaluate", two, "--count", "1"], "--count"),
      (["evaluate", one] + classifier, "at least 2"), (["evaluate", nan] + classifier, "finite"),
      (["evaluate", two, "--measures", "fid"] + classifier, "'fid' is none of frechet"),
      (["evaluate", three, "--measures", "pr"] + classifier, "at least 8"),
      (["evaluate", two, "--bootstrap", "1"] + classifier, "--bootstrap"),
      (["evaluate", two, "--bootstrap", "200"], "--classifier"),
      (["evaluate", two, "--reference", folder.path("clothes.safetensors")] + classifier, "fashion-mnist-classifier"),
      (["evaluate", two, "--reference", two] + classifier, "safetensors"),
      (["evaluate", two, three, "--features-out", "x.npz"] + classifier, "one set"),
      (["evaluate", two, "--features-out", "x.npy"] + classifier, ".npz"),
      (["evaluate", two, "--statistics", two] + classifier, "--reference"),
      (["statistics", "--data", two, "--output", folder.path("x.safetensors"), "--rows", "2"], "--classifier"),
      (["statistics", "--data", two, "--output", folder.path("x.npz"), "--rows", "2"] + classifier, ".safetensors"),
      (["statistics", "--data", two, "--output", folder.path("x.safetensors"), "--rank", "2"] + classifier, "--rank"),
    ]
    for (arguments, words) in cases {
      let result = try Program.run(arguments + ["--quiet"])
      #expect(result.status != 0 && result.output.isEmpty, "\(arguments)")
      #expect(result.error.contains(words), "\(arguments): \(result.error)")
      #expect(result.error.split(separator: "\n").count == 1, "\(result.error)")
    }
  }

  /// Images for the other carried classifier: any of its size.
  private static func clothes(_ folder: TemporaryFolder) throws -> String {
    let values = (0..<3 * 784).map { Float(sin(Double($0))) }
    try NumpyArray(values, shape: [3, 1, 28, 28]).write(to: folder.path("clothes.npy"))
    return folder.path("clothes.npy")
  }

  @Test("A folder of a carried model's name takes its place, and the error names the carried one")
  func shadowed() throws {
    try FileManager.default.createDirectory(atPath: folder.path("mnist"), withIntermediateDirectories: true)
    try FileManager.default.createDirectory(
      atPath: folder.path("mnist-classifier"), withIntermediateDirectories: true)
    let samples = try write("2.npy", Array(digits[..<1568]))
    for command in ["info mnist", "classify \(samples) --classifier mnist-classifier"] {
      let result = try Program.run(
        ["-c", "cd \"$1\" && exec \"$0\" \(command)", try Program.path, folder.url.path], program: "/bin/bash")
      #expect(result.status != 0)
      #expect(result.error.contains("takes the place of the carried model 'mnist"), "\(result.error)")
    }
  }
}
