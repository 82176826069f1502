import Files
import Foundation
import TestSupport
import Testing

@Suite("Numbers, channels and classes on the command line")
struct NumberCommandTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// A model directory of random weights.
  private func model(_ name: String, channels: Int = 1, _ more: String = "") throws -> String {
    let config = """
      {"_class_name": "UNet2DModel", "sample_size": 8, "in_channels": \(channels), "out_channels": \(channels), \(more)
       "layers_per_block": 1, "block_out_channels": [8, 8], "norm_num_groups": 4, "attention_head_dim": null,
       "down_block_types": ["DownBlock2D", "DownBlock2D"], "up_block_types": ["UpBlock2D", "UpBlock2D"]}
      """
    try OutputFile.write(config.utf8, to: folder.path("\(name).json"))
    let made = try Program.run(["init", folder.path("\(name).json"), "-o", folder.path(name)])
    #expect(made.status == 0, "\(made.error)")
    return folder.path(name)
  }

  private func sample(_ arguments: String, _ more: [String] = []) throws -> Program.Result {
    try Program.run(
      ["sample", "--device", "cpu", "--quiet"] + arguments.split(separator: " ").map(String.init) + more)
  }

  @Test(
    "A number that is out of range is one line with the flag and the range",
    arguments: [
      ("sample --steps 0", "--steps"), ("sample --steps 1000000000", "--steps"),
      ("sample --batch 9223372036854775807", "--batch"), ("sample --zoom 65", "--zoom"),
      ("sample --zoom 9223372036854775807", "--zoom"), ("sample --save-every 0", "--save-every"),
      ("sample --eta 1e300 --sampler ddim", "--eta"), ("sample --eta nan --sampler ddim", "--eta"),
      ("sample --threads 2147483648", "--threads"), ("sample --class 0-9223372036854775807", "--class"),
      ("sample --class ,", "--class"), ("info --batch 1000000000", "--batch"), ("bench --batch 0", "--batch"),
      ("bench --repeat 9223372036854775807", "--repeat"),
      ("statistics --data none -o s --rank 9223372036854775807", "--rank"),
    ])
  func ranges(command: String, flag: String) throws {
    var words = command.split(separator: " ").map(String.init)
    if words[0] == "sample" || words[0] == "bench" { words += ["--device", "cpu"] }
    if words[0] == "sample" { words += ["-o", folder.path("x.png")] }
    let result = try Program.run(words)
    #expect(result.status == 1 && result.output.isEmpty)
    #expect(result.error.contains(flag) && result.error.split(separator: "\n").count == 1, "\(result.error)")
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path).isEmpty)
  }

  @Test("Images of any number of channels become pictures of every form", arguments: [1, 2, 3, 4])
  func channels(count: Int) throws {
    let model = try model("m", channels: count)
    let result = try sample(
      "--steps 3 --count 3 --save-every 2",
      ["--model", model, "-o", folder.path("p"), "--animate", folder.path("a.png")])
    #expect(result.status == 0, "\(result.error)")
    #expect(try sample("--steps 3 --count 3", ["--model", model, "-o", folder.path("g.png")]).status == 0)
    #expect(try sample("--steps 3 --count 3", ["--model", model, "-o", folder.path("x.npz")]).status == 0)
    let isPicture = count == 1 || count == 3, width = isPicture ? 8 : 8 * count
    for (name, columns) in [("p/000001.png", width), ("p/step0002.png", 2 * width + 2), ("g.png", 2 * width + 2)] {
      let picture = try PNGImage(contentsOf: folder.path(name))
      #expect(picture.width == columns && picture.channels == (count == 3 ? 3 : 1), "\(name)")
    }
    #expect(try NumpyArchive.array("arr_0", in: folder.path("x.npz")).shape == [3, 8, 8, count])
  }

  @Test("Classes go round by place, also where images are there already, and records repeat each")
  func classes() throws {
    let model = try model("m", "\"num_class_embeds\": 5,"), pictures = folder.path("p")
    func bytes(_ seed: Int) throws -> Data {
      try Data(contentsOf: URL(fileURLWithPath: "\(pictures)/00000\(seed).png"))
    }
    let arguments = "--steps 2 --seeds 3-9 --class 2,0,1 --batch 3"
    #expect(try sample(arguments, ["--model", model, "-o", pictures]).status == 0)
    let whole = try (3...9).map(bytes)
    for seed in [4, 8, 9] { try FileManager.default.removeItem(atPath: "\(pictures)/00000\(seed).png") }
    let rest = try sample(arguments + " --skip-existing", ["--model", model, "-o", pictures])
    #expect(rest.status == 0, "\(rest.error)")
    for seed in 3...9 {
      let (pixels, texts) = try (
        PNGImage(contentsOf: "\(pictures)/00000\(seed).png"), PNGImage.texts(contentsOf: "\(pictures)/00000\(seed).png")
      )
      try whole[seed - 3].write(to: URL(fileURLWithPath: folder.path("old.png")))
      #expect(try PNGImage(contentsOf: folder.path("old.png")) == pixels)
      let record = try JSONValue(#require(texts["parameters"]), path: "record")
      #expect(record["class"]?.int == [2, 0, 1][(seed - 3) % 3])
    }
    let again = try sample("", ["--from-record", "\(pictures)/000007.png", "-o", folder.path("again")])
    #expect(again.status == 0, "\(again.error)")
    #expect(try PNGImage(contentsOf: folder.path("again/000007.png")) == PNGImage(contentsOf: "\(pictures)/000007.png"))
    #expect(try sample("--steps 2 --count 6 --class each", ["--model", model, "-o", folder.path("e.npz")]).status == 0)
    #expect(try NumpyArchive.array("arr_1", in: folder.path("e.npz")).floats == [0, 1, 2, 3, 0, 1])
    #expect(try sample("", ["--from-record", folder.path("e.json"), "-o", folder.path("f.npz")]).status == 0)
    #expect(
      try NumpyArchive.array("arr_0", in: folder.path("f.npz")).floats
        == NumpyArchive.array("arr_0", in: folder.path("e.npz")).floats)
  }

  @Test("Statistics of equal images, and the directions of few, serve a late start")
  func equalImages() throws {
    let values = (0..<5000).map { Float(sin(Double($0))) }
    for (name, count) in [("equal", 3), ("two", 2)] {
      let images = (0..<count).flatMap { image in values.map { name == "two" && image == 1 ? -$0 : $0 } }
      try OutputFile.write(
        NumpyArray(images, shape: [count, 1, 50, 100]).encoded(), to: folder.path("\(name).npy"))
      let made = try Program.run([
        "statistics", "--data", folder.path("\(name).npy"), "-o", folder.path("\(name).safetensors"), "--rank", "4096",
      ])
      #expect(
        made.status == 0 && made.output.contains(name == "two" ? "1 directions" : "0 directions"), "\(made.output)")
      let late = try sample(
        "--steps 2 --count 2 --late-start 300",
        ["--world", "gaussian:" + folder.path("\(name).safetensors"), "-o", folder.path("\(name)-late.npy")])
      #expect(late.status == 0, "\(late.error)")
    }
  }

  @Test("Results that are not finite end with one line and nothing written")
  func notFinite() throws {
    try OutputFile.write(
      NumpyArray(.init(repeating: 3e38, count: 784), shape: [1, 1, 28, 28]).encoded(), to: folder.path("n.npy"))
    try OutputFile.write(NumpyArray([1], shape: [1]).encoded(), to: folder.path("t.npy"))
    let drawn = try sample(
      "--sampler ddim --no-clip --steps 2", ["--initial-noise", folder.path("n.npy"), "-o", folder.path("o.npy")])
    let evaluated = try Program.run([
      "forward", "--device", "cpu", "--input", folder.path("n.npy"), "--timesteps", folder.path("t.npy"), "-o",
      folder.path("o.npy"),
    ])
    for result in [drawn, evaluated] {
      #expect(result.status == 1 && result.error.contains("not finite"), "\(result.error)")
      #expect(!FileManager.default.fileExists(atPath: folder.path("o.npy")))
    }
    #expect(drawn.error.contains("seeds 0"))
  }
}
