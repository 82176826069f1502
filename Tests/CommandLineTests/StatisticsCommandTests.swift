import Files
import Foundation
import TestSupport
import Testing

@Suite("diffuse-gpu statistics", .serialized)
struct StatisticsCommandTests {
  let folder: TemporaryFolder
  private let digits = Fixtures.path("mnist/t10k-images-idx3-ubyte.gz")

  init() throws { folder = try TemporaryFolder() }

  private func run(_ arguments: String) throws -> JSONValue {
    let result = try Program.run(arguments.split(separator: " ").map(String.init) + ["--json", "--quiet"])
    #expect(result.status == 0, "\(result.error)")
    var bytes = Array(result.output.utf8)
    return try bytes.withUnsafeMutableBytes { try JSONValue(parsing: .init($0), path: "output") }
  }

  @Test("Those of classes start each image from its own, and a record repeats it")
  func classes() throws {
    let path = folder.path("s.safetensors")
    let made = try run("statistics --data \(digits) --per-class --rank 32 --half -o \(path)")
    let counts = try #require(made["class_counts"]?.array).map(\.int)
    #expect(counts == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009])
    let start = "--late-start 500 --late-start-init class-gaussian --statistics \(path)"
    let drawn = try run("sample --sampler ddim --steps 2 --count 5 --device cpu \(start) -o \(folder.path("a.npy"))")
    let labels = try #require(drawn["late_start_classes"]?.array).compactMap(\.int)
    #expect(labels.count == 5 && Set(labels).count > 1)
    #expect(drawn["late_start_init"]?.string == "class-gaussian")
    _ = try run("sample --from-record \(folder.path("a.json")) -o \(folder.path("b.npy"))")
    #expect(try fileBytes(folder.path("a.npy")) == fileBytes(folder.path("b.npy")))
    let one = try run("sample --sampler ddim --steps 2 --seeds 3 --device cpu \(start) -o \(folder.path("c.npy"))")
    #expect(one["late_start_classes"]?.array?.compactMap(\.int) == [labels[3]])
  }

  @Test("Those of a model's samples say what made them, and serve its late start")
  func samples() throws {
    let model = folder.path("model")
    try FileManager.default.copyItem(atPath: Fixtures.path("sampling/random"), toPath: model)
    let path = "\(model)/statistics.safetensors"
    let made = try run(
      "statistics --model \(model) --samples 6 --steps 2 --sampler ddim --seed 4 --device cpu -o \(path)")
    #expect(made["images"]?.int == 6)
    let told = try #require(run("info \(model)")["statistics"]?.string)
    #expect(told.contains("6 samples of \(model), 2 steps of DDIMScheduler, seeds 4-9"), "\(told)")
    let record = try #require(SafetensorsFile(path).metadata["origin_record"])
    #expect(try JSONValue(record, path: "record")["request"]?["settings"]?["seeds"]?.string == "4-9")
    // The folder of pictures that the same run writes has the same statistics.
    _ = try run(
      "sample --model \(model) --sampler ddim --steps 2 --seeds 4-9 --device cpu -o \(folder.path("pictures/"))")
    _ = try run("statistics --data \(folder.path("pictures")) -o \(folder.path("p.safetensors"))")
    let (own, pictures) = (try SafetensorsFile(path), try SafetensorsFile(folder.path("p.safetensors")))
    for name in ["mean", "eigenvalues"] {
      let values = try [own, pictures].map { $0.floats(try #require($0.entries[name])) }
      #expect(zip(values[0], values[1]).allSatisfy { abs($0 - $1) < 1e-5 }, "\(name)")
    }
    _ = try run("sample --model \(model) --steps 1 --count 1 --late-start 300 --device cpu -o \(folder.path("l.npy"))")
  }

  @Test(
    "What cannot be collected is said in one line",
    arguments: [
      ("", "--data and --model"), ("--data DIGITS --model mnist", "--data and --model"),
      ("--data DIGITS --samples 3", "--samples"), ("--data DIGITS --label 0", "--label"),
      ("--data DIGITS --per-class --label 1", "--label 1"), ("--model mnist --layout nchw", "--layout"),
      ("--model mnist --samples 0", "--samples"), ("--model mnist --samples 1", "--samples"),
      ("--model mnist --samples 9 --per-class", "--per-class"), ("--model mnist --guidance 2", "--guidance"),
      ("--data DIGITS --max-memory 1MB", "MB"), ("--model mnist --samples 9 --class 3", "--class"),
      ("--data FOLDER --per-class", "labels"), ("--data FEW --per-class", "class 1 has 1 image"),
    ])
  func refusals(arguments: String, expected: String) throws {
    let images = NumpyArray([0, 0.5, 1, 0, 0.25, 1], shape: [3, 1, 1, 2])
    try OutputFile.write(images.encoded(), to: folder.path("unlabelled.npy"))
    var few = NumpyArchive()
    few.add("x_train", npy: images.encoded())
    few.add("y_train", npy: NumpyArray.encoded(integers: [0, 0, 1], shape: [3]))
    try few.write(to: folder.path("few.npz"))
    let words = arguments.replacing("DIGITS", with: digits).replacing("FOLDER", with: folder.path("unlabelled.npy"))
      .replacing("FEW", with: folder.path("few.npz")).split(separator: " ").map(String.init)
    let result = try Program.run(["statistics", "--quiet", "-o", folder.path("s.safetensors")] + words)
    #expect(result.status != 0 && result.error.contains(expected), "\(result.error)")
    #expect(result.error.split(separator: "\n").count == 1, "\(result.error)")
    #expect(!FileManager.default.fileExists(atPath: folder.path("s.safetensors")))
  }

  /// Images of blocks of one value each, and the same with one value in each block's place.
  private func blockImages(_ count: Int) throws {
    var large: [UInt8] = [], small: [UInt8] = []
    for image in 0..<count {
      for block in 0..<192 {
        let deviation = 110 * pow(Double(block + 1), -0.6) * sin(Double((image * 193 + block * 71) % 1009))
        let value = UInt8(128 + deviation.rounded())
        small.append(value)
        large += repeatElement(value, count: 1024)
      }
    }
    try OutputFile.write(NumpyArray.encoded(bytes: large, shape: [count, 3, 256, 256]), to: folder.path("large.npy"))
    try OutputFile.write(NumpyArray.encoded(bytes: small, shape: [count, 1, 8, 24]), to: folder.path("small.npy"))
  }

  @Test("128 directions of pictures of 256x256 in colour take less than a gigabyte, and are the right ones")
  func memory() throws {
    try blockImages(176)
    let small = try run(
      "statistics --data \(folder.path("small.npy")) --rank 128 -o \(folder.path("small.safetensors"))")
    let arguments = [
      "statistics", "--data", folder.path("large.npy"), "--rank", "128", "-o", folder.path("large.safetensors"),
      "--json",
      "--quiet", "--max-memory",
    ]
    let refused = try Program.run(arguments + ["900MB"])
    #expect(refused.status == 1 && refused.error.contains("a smaller rank takes less"), "\(refused.error)")
    let process = Process(), output = Pipe()
    process.executableURL = URL(fileURLWithPath: try Program.path)
    process.arguments = arguments + ["1GB"]
    process.standardOutput = output
    try process.run()
    var peak = 0
    while process.isRunning {
      let status = (try? String(contentsOfFile: "/proc/\(process.processIdentifier)/status", encoding: .utf8)) ?? ""
      let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
      peak = max(peak, Int(line?.split(separator: " ").dropFirst().first ?? "") ?? 0)
      usleep(10_000)
    }
    #expect(process.terminationStatus == 0)
    // In kilobytes; the statistics and nothing of the order of 196,608 squared, which would be 309 GB.
    #expect((250_000..<1_000_000).contains(peak), "\(peak) kB")
    var bytes = Array(try output.readToEnd())
    let large = try bytes.withUnsafeMutableBytes { try JSONValue(parsing: .init($0), path: "output") }
    #expect(large["rank"]?.int == 128 && large["shape"]?.string == "3x256x256")
    let variances = try [large, small].map { try #require($0["variance"]?.double) }
    #expect(abs(variances[0] / variances[1] / 1024 - 1) < 1e-5)
    // Those of the dense eigendecomposition of a value a block, 1024 times.
    let eigenvalues = try [large, small].map { try #require($0["eigenvalues"]?.array).compactMap(\.double) }
    #expect(eigenvalues[0].count == 10)
    for (found, expected) in zip(eigenvalues[0], eigenvalues[1]) { #expect(abs(found / expected / 1024 - 1) < 1e-4) }
  }
}
