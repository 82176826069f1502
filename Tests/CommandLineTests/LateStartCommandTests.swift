import Files
import Foundation
import TestSupport
import Testing

@Suite("late-start fit and --late-start auto", .serialized)
struct LateStartCommandTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func run(_ arguments: String) throws -> Program.Result {
    try Program.run(arguments.split(separator: " ").map(String.init) + ["--device", "cpu"])
  }

  private func json(_ text: String) throws -> JSONValue { try JSONValue(text, path: "output") }

  /// A line of standard error that names what is at fault; nothing else is printed.
  private func fault(_ arguments: String) throws -> String {
    let result = try run(arguments + " --quiet")
    #expect(result.status != 0 && result.output.isEmpty)
    #expect(result.error.hasPrefix("Error: ") && result.error.split(separator: "\n").count == 1, "\(result.error)")
    return result.error
  }

  /// A model folder with the network of the carried model.
  private func modelFolder(_ name: String) throws -> String {
    let path = folder.path(name)
    let result = try Program.run(
      ["init", Fixtures.path("sampling/random/unet/config.json"), "--seed", "1", "--output", path, "--quiet"])
    #expect(result.status == 0, "\(result.error)")
    return path
  }

  @Test("fit writes crossover, divergences and starts, and draws them")
  func fit() throws {
    let (file, chart) = (folder.path("fit.json"), folder.path("fit.svg"))
    let data = Fixtures.path("mnist/t10k-images-idx3-ubyte.gz")
    let result = try run(
      "late-start fit --data \(data) --images 16 --levels 20 --output \(file) --chart \(chart) --json --quiet")
    #expect(result.status == 0, "\(result.error)")
    let printed = try json(result.output)
    #expect(try JSONValue(contentsOf: file) == printed)
    let crossover = try #require(printed["crossover"]?.int)
    #expect((300...999).contains(crossover))
    let starts = try #require(printed["starts"]?["ddim"]?.object)
    #expect(starts.count == 50 && starts.values.allSatisfy { $0.int.map { $0 <= crossover } == true })
    #expect(printed["samplers"]?["ddim"]?.array?.contains(.string("ddpm")) == true)
    #expect(try #require(printed["kl"]?.array).allSatisfy { $0.array?.count == 2 })
    #expect(try String(contentsOfFile: chart, encoding: .utf8).hasPrefix("<svg"))
    #expect(try folder.listing() == ["fit.json", "fit.svg"])
  }

  @Test("A network worse than the Gaussian everywhere, on EDM's clock, has no late start, in one line")
  func noCrossover() throws {
    let images = (0..<16 * 48).map { Float(($0 * 7919) % 255) / 255 }, data = folder.path("images.npy")
    try OutputFile.write(NumpyArray(images, shape: [16, 3, 4, 4]).encoded(), to: data)
    let result = try run(
      "late-start fit --model \(Fixtures.path("checkpoints/edm-song.pkl")) --data \(data) --images 16 --levels 20 "
        + "--output \(folder.path("fit.json")) --quiet")
    #expect(result.status == 0, "\(result.error)")
    #expect(result.output.split(separator: "\n").count == 2 && result.output.contains("crossover    none: "))
  }

  @Test("auto takes the step that the carried fit says, and records it")
  func automatic() throws {
    let output = folder.path("a.npy")
    let result = try run("sample --sampler ddim --steps 3 --late-start auto --count 2 --output \(output) --json")
    #expect(result.status == 0, "\(result.error)")
    let info = try json(Program.run(["info", "--json"]).output)
    let start = try #require(info["late_start"]?["starts"]?["ddim"]?["3"]?.int)
    #expect(try json(result.output)["late_start"]?.int == start)
    #expect(try JSONValue(contentsOf: folder.path("a.json"))["late_start"]?.int == start)
    #expect(result.error.contains("training step \(start)"))
    let again = try run("sample --from-record \(folder.path("a.json")) --output \(folder.path("b.npy")) --quiet")
    #expect(again.status == 0, "\(again.error)")
    #expect(try fileBytes(output) == fileBytes(folder.path("b.npy")))
  }

  @Test("What does not fit is refused in one line, before any work")
  func refusals() throws {
    let data = Fixtures.path("mnist/t10k-images-idx3-ubyte.gz"), output = folder.path("x.json")
    let fit = "late-start fit --data \(data) --output \(output)"
    #expect(try fault(fit + " --model faces").contains("images of 1x28x28; embedded faces takes 3x32x32"))
    #expect(try fault("late-start fit --data \(data)").contains("--output: "))
    #expect(try fault(fit + " --images 1").contains("--images: "))
    #expect(try fault(fit + " --levels 19").contains("--levels: "))
    #expect(try fault(fit + " --detail-snr nan").contains("--detail-snr: "))
    #expect(try fault(fit + " --weight=-1").contains("--weight"))
    #expect(try fault("late-start fit --data /nowhere --output \(output)").contains("/nowhere: "))
    let model = try modelFolder("bare")
    let sample = "sample --model \(model) --late-start auto --output \(folder.path("x.npy"))"
    #expect(try fault(sample).contains("--late-start auto: \(model) carries neither late_start.json nor statistics"))
    try OutputFile.write("{}".utf8, to: folder.path("bare/late_start.json"))
    #expect(try fault(sample).contains("late_start.json: is no fit"))
    #expect(try run(fit + " --images 2 --quiet").status == 0)
    try FileManager.default.removeItem(atPath: folder.path("bare/late_start.json"))
    try FileManager.default.copyItem(atPath: output, toPath: folder.path("bare/late_start.json"))
    #expect(try fault(sample).contains("other weights"))
    #expect(!FileManager.default.fileExists(atPath: folder.path("x.npy")))
  }

  @Test("What only a late start uses is refused without one", arguments: ["--late-start-init noise", "--statistics x"])
  func needless(flags: String) throws {
    let name = flags.prefix { $0 != " " }
    #expect(try fault("sample \(flags)").contains("\(name): is of no use without --late-start"))
  }

  @Test(
    "An interval of guidance needs guidance, and two rising steps",
    arguments: ["200", "600..200", "-1..3", "a..b", "1..99999"])
  func interval(text: String) throws {
    let sample = "sample --class 1 --guidance 2 --guidance-interval=\(text)"
    #expect(try fault(sample).contains("--guidance-interval"))
    #expect(try fault("sample --class 1 --guidance-interval=1..2").contains("needs a --guidance"))
  }
}
