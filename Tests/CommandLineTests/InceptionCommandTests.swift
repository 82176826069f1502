import DiffuseGPU
import Files
import Foundation
import TestSupport
import Testing

/// The weights of `make_inception_cases.py`: uniform by a hash of a tensor's name and of a value's place.
enum FormulaWeights {
  private final class Recorder: ParameterSource {
    let configurationPath = "config.json"
    var shapes: [(name: String, shape: [Int])] = []

    func parameter(_ name: String, shape: [Int], initially: InitialValues) -> Parameter {
      shapes.append((name, shape))
      return Parameter(shape: shape) { $0.update(repeating: 0) }
    }
  }

  /// A file as pytorch-fid's state makes it.
  static func encoded() throws -> [UInt8] {
    let recorder = Recorder()
    _ = try Inception(parameters: recorder)
    var writer = SafetensorsWriter()
    func add(_ name: String, _ shape: [Int], _ value: (Double) -> Double) {
      writer.add(name, shape: shape, values: uniform(name, shape.reduce(1, *)).map { Float(value($0)) })
    }
    for (name, shape) in recorder.shapes where name.hasSuffix(".weight") {
      let layer = name.dropLast(".weight".count), bound = (6 / Double(shape.dropFirst().reduce(1, *))).squareRoot()
      add("\(layer).conv.weight", shape) { (2 * $0 - 1) * bound }
      for part in ["weight", "running_var"] { add("\(layer).bn.\(part)", [shape[0]]) { $0 + 0.5 } }
      for part in ["bias", "running_mean"] { add("\(layer).bn.\(part)", [shape[0]]) { (2 * $0 - 1) * 0.2 } }
    }
    let classes = [1008, Inception.featureCount]
    writer.add("fc.weight", shape: classes, values: .init(repeating: 0, count: classes.reduce(1, *)), as: .float16)
    return writer.encoded()
  }

  private static func uniform(_ name: String, _ count: Int) -> [Double] {
    let seed = name.utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    return (0..<UInt64(count)).map { place in
      var x = place &* 0x9e37_79b9_7f4a_7c15 &+ seed
      x = (x ^ x >> 32) &* 0xbf58_476d_1ce4_e5b9
      x ^= x >> 29
      return Double(x >> 40) / 0x1p24
    }
  }
}

@Suite("FID's Inception on the command line")
struct InceptionCommandTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func run(_ words: String, _ paths: String...) throws -> Program.Result {
    try Program.run(words.split(separator: " ").map(String.init) + paths + ["--quiet"])
  }

  /// The JSON of a run that must succeed.
  private func json(_ words: String, _ paths: String...) throws -> JSONValue {
    let result = try Program.run(words.split(separator: " ").map(String.init) + paths + ["--json"])
    #expect(result.status == 0, "\(result.error)")
    return try JSONValue(result.output, path: "output")
  }

  @Test("Its features are pytorch-fid's; distances in them are called FID, and there are no classes")
  func features() throws {
    let weights = folder.path("weights.safetensors"), network = folder.path("network")
    try OutputFile.write(FormulaWeights.encoded(), to: weights)
    #expect(try json("convert-inception", weights, "--output", network)["parameters"]?.int == 21_768_352)
    let again = try run("convert-inception", weights, "--output", network)
    #expect(again.status != 0 && again.error.contains("is there already"))
    for kind in ["colour", "grey"] {
      let images = Fixtures.path("inception/\(kind).npy"), output = folder.path("\(kind).npz")
      let found = try json(
        "evaluate --measures frechet --bootstrap 0 --device cpu --quiet", images, "--classifier", network, "--data",
        images, "--features-out", output)
      #expect(found.array?.first?["features"]?["distance"]?.string == "FID")
      let own = try NumpyArchive.array("features", in: output)
      let wanted = try NumpyArray(contentsOf: Fixtures.path("inception/\(kind)-features.npy"))
      #expect(own.shape == [2, 2048] && wanted.shape == [2, 2048])
      let largest = wanted.floats.reduce(0) { max($0, abs($1)) }
      for (value, other) in zip(own.floats, wanted.floats) { #expect(abs(value - other) <= 1e-5 * largest) }
    }
    try checkOthers(network)
  }

  @Test("pytorch-fid's own file makes the same network as its tensors in safetensors")
  func pickle() throws {
    let weights = folder.path("weights.safetensors"), pickled = folder.path("weights.pth")
    try OutputFile.write(FormulaWeights.encoded(), to: weights)
    try TorchArchive.write(SafetensorsFile(weights), to: pickled)
    for (file, network) in [(weights, "a"), (pickled, "b")] {
      let made = try run("convert-inception", file, "--output", folder.path(network))
      #expect(made.status == 0, "\(made.error)")
    }
    let networks = try ["a", "b"].map { try fileBytes(folder.path("\($0)/inception.safetensors")) }
    #expect(networks[0] == networks[1])
  }

  /// The commands that take it, and what they leave out or refuse.
  private func checkOthers(_ network: String) throws {
    let images = Fixtures.path("inception/grey.npy"), reference = network + "/reference.safetensors"
    let made = try json("statistics --device cpu", "--data", images, "--classifier", network, "--output", reference)
    #expect(made["dimension"]?.int == 2048)
    let measured = try Program.run([
      "evaluate", images, "--classifier", network, "--bootstrap", "0", "--device", "cpu",
    ])
    #expect(measured.status == 0 && measured.output.contains("\n  FID 0.000"), "\(measured.output)\(measured.error)")
    #expect(!measured.output.contains("Frechet") && measured.error.contains("has no classes: composition is left out"))
    for (words, fault) in [
      ("evaluate IMAGES --measures frechet,is", "--measures: is takes classes"),
      ("statistics --data IMAGES --test-data IMAGES --output x.safetensors", "--test-data"),
      ("classify IMAGES", "is no configuration of a classifier"),
    ] {
      let arguments = words.split(separator: " ").map { $0 == "IMAGES" ? images : String($0) }
      let refused = try Program.run(arguments + ["--classifier", network, "--device", "cpu", "--quiet"])
      #expect(refused.status != 0 && refused.error.contains(fault), "\(words): \(refused.error)")
      #expect(refused.error.split(separator: "\n").count == 1, "\(refused.error)")
    }
    try checkScan(network)
  }

  private func checkScan(_ network: String) throws {
    let digits = try Dataset.open(Fixtures.path("mnist/t10k-images-idx3-ubyte.gz")).next(8)
    try NumpyArray(digits, shape: [8, 1, 28, 28]).write(to: folder.path("data.npy"))
    let found = try json(
      "late-start scan --steps 1 --start prior,500 --count 4 --bootstrap 0 --device cpu --quiet", "--classifier",
      network,
      "--data", folder.path("data.npy"), "--output", folder.path("scan"))
    #expect(found["distanceName"]?.string == "FID" && found["results"]?.array?.count == 2)
    let report = try String(contentsOfFile: folder.path("scan/report.md"), encoding: .utf8)
    #expect(report.contains("FID in the features of") && !report.contains("Frechet") && !report.contains("Entropy"))
  }

  @Test("Weights of another network, and no weights, are refused in one line that names the file")
  func refusals() throws {
    let text = folder.path("text.safetensors"), other = folder.path("other.safetensors")
    try OutputFile.write("no weights at all, but a text of some length".utf8, to: text)
    var writer = SafetensorsWriter()
    writer.add("fc.weight", shape: [1, 2], values: [1, 2])
    try OutputFile.write(writer.encoded(), to: other)
    for (path, fault) in [
      (text, "safetensors"), (other, "is not FID's Inception"), (folder.path("none"), "No such file"),
    ] {
      let refused = try run("convert-inception", path, "--output", folder.path("network"))
      #expect(refused.status != 0 && refused.error.contains(path) && refused.error.contains(fault), "\(refused.error)")
      #expect(refused.error.split(separator: "\n").count == 1, "\(refused.error)")
    }
    #expect(!FileManager.default.fileExists(atPath: folder.path("network")))
  }
}
