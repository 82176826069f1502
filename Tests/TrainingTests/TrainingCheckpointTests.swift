import ComputeCPU
import Files
import Foundation
import TestSupport
import Testing
import Training

@Suite("Checkpoints as foreign data")
struct TrainingCheckpointTests {
  /// A checkpoint of a run with importance sampling after three steps.
  private func checkpoint(_ folder: TemporaryFolder) throws -> SafetensorsFile {
    var settings = TrainerTests.settings()
    settings.times = .importance
    let trainer = try TrainerTests.trainer(settings, on: CPUBackend())
    _ = try TrainerTests.train(trainer, to: 3)
    try OutputFile.write(trainer.checkpoint(metadata: ["seconds": "1.5", "data": "words"]), to: folder.path("whole"))
    return try SafetensorsFile(folder.path("whole"))
  }

  @Test("No bit of a checkpoint can change unnoticed")
  func damage() throws {
    let folder = try TemporaryFolder(), whole = try checkpoint(folder)
    #expect(try TrainingCheckpoint(whole).seconds == 1.5)
    let bytes = try fileBytes(folder.path("whole"))
    for place in stride(from: 0, to: bytes.count, by: bytes.count / 60) + (0..<60).map({ 8 + $0 * 37 }) {
      var changed = bytes
      changed[place] ^= 1
      try OutputFile.write(changed, to: folder.path("changed"))
      #expect("byte \(place)") {
        _ = try TrainingCheckpoint(SafetensorsFile(folder.path("changed")))
      } throws: {
        $0 is FileError && !"\($0)".contains("\n")
      }
    }
    for length in stride(from: 0, to: bytes.count, by: bytes.count / 20) {
      try OutputFile.write(bytes[..<length], to: folder.path("cut"))
      #expect(throws: FileError.self) { _ = try TrainingCheckpoint(SafetensorsFile(folder.path("cut"))) }
    }
  }

  /// Writes a checkpoint of the first format, which has no digest, with something else in it.
  private func rewritten(
    _ file: SafetensorsFile, _ folder: TemporaryFolder, texts: [String: String] = [:],
    tensor name: String = "", _ change: ([Float]) -> [Float] = { $0 }
  ) throws -> SafetensorsFile {
    var metadata = file.metadata.filter { ["settings", "step", "seconds"].contains($0.key) }
    metadata["format"] = "diffuse-gpu training 1"
    var writer = SafetensorsWriter(metadata: metadata.merging(texts) { $1 })
    for (tensor, entry) in file.entries {
      let values = file.floats(entry), new = tensor == name ? change(values) : values
      writer.add(tensor, shape: new.count == values.count ? entry.shape : [new.count], values: new)
    }
    try OutputFile.write(writer.encoded(), to: folder.path("rewritten"))
    return try SafetensorsFile(folder.path("rewritten"))
  }

  @Test(
    "What no training writes is one line",
    arguments: [
      ("step", "-1"), ("step", "100000000"), ("step", "9223372036854775808"), ("step", "three"), ("seconds", "nan"),
      ("seconds", "-1"), ("seconds", "inf"), ("seconds", "long"), ("settings", "{\"batch\": 9223372036854775807}"),
      ("settings", "{\"batch\": 2305843009213693952}"), ("settings", "{\"batch\": 1e12}"),
      ("settings", "{\"steps\": NaN}"),
      ("settings", "{\"learning_rate\": Infinity}"), ("settings", "[]"), ("settings", "{"),
      ("format", "diffuse-gpu training 3"),
    ])
  func texts(name: String, value: String) throws {
    let folder = try TemporaryFolder(), whole = try checkpoint(folder)
    let file = try rewritten(whole, folder, texts: [name: value])
    #expect { _ = try TrainingCheckpoint(file) } throws: { $0 is FileError && !"\($0)".contains("\n") }
  }

  @Test(
    "Memory that no training leaves is one line, and changes nothing",
    arguments: [
      "memory/counts", "memory/losses", "second_moments/conv_in.weight", "weights/conv_in.weight",
    ])
  func memory(name: String) throws {
    let folder = try TemporaryFolder(), whole = try checkpoint(folder)
    var settings = TrainerTests.settings()
    settings.times = .importance
    let trainer = try TrainerTests.trainer(settings, on: CPUBackend())
    let before = try trainer.checkpoint()
    let changes: [(Float, Bool)] = [
      (.nan, true), (.infinity, true), (-1, name != "weights/conv_in.weight" && name != "memory/losses"),
      (1e30, name == "memory/counts"), (0.5, name == "memory/counts"),
    ]
    for (value, isFault) in changes where isFault {
      let file = try rewritten(whole, folder, tensor: name) { [value] + $0.dropFirst() }
      #expect("\(value)") {
        try trainer.restore(TrainingCheckpoint(file))
      } throws: {
        $0 is FileError && !"\($0)".contains("\n")
      }
    }
    let short = try rewritten(whole, folder, tensor: name) { Array($0.dropLast()) }
    #expect(throws: FileError.self) { try trainer.restore(TrainingCheckpoint(short)) }
    #expect(try trainer.checkpoint() == before)
    try trainer.restore(TrainingCheckpoint(rewritten(whole, folder)))
    #expect(trainer.step == 3)
  }

  @Test("Every number of the settings has limits, and seeds of all sizes are kept")
  func limits() throws {
    for name in NamedSettings.names {
      guard TrainingSettings().json[name]?.double != nil, name != "seed" else { continue }
      for value in [-1, 9_223_372_036_854_775_808, 2_305_843_009_213_693_952, 1e12, 1e300, .infinity, .nan] as [Double]
      {
        #expect("\(name) \(value)") {
          _ = try TrainingSettings(.object([name: .number(value)]), path: "s.json")
        } throws: {
          "\($0)".contains("s.json: ") && "\($0)".contains(name) && !"\($0)".contains("\n")
        }
      }
    }
    for seed in [0, 1 << 53 - 1, 1 << 53, 1 << 53 + 1, .max] as [UInt64] {
      var settings = TrainingSettings()
      settings.seed = seed
      #expect(try TrainingSettings(JSONValue(settings.json.text, path: "s"), path: "s").seed == seed)
    }
    #expect(throws: FileError.self) { _ = try TrainingSettings(.object(["seed": .number(0x1p53)]), path: "s") }
  }

  @Test("A log that lies is kept as far as it can be true")
  func log() throws {
    let folder = try TemporaryFolder()
    let lines = ["{\"step\": 1, \"loss\": 0.5}", "{\"step\": 2, \"loss\": NaN}", "{\"step\": 3, \"loss\": 0.2}"]
    try OutputFile.write(lines.joined(separator: "\n").utf8, to: folder.path("log"))
    let log = try TrainingLog(folder.path("log"), after: 3)
    #expect(log.losses == [0.5] && log.smoothedLoss == 0.5)
    let curve = LossCurve([1e-300, -1, 1e300, .nan, .infinity, .leastNonzeroMagnitude, 1.7e308])
    #expect(curve.svg.hasSuffix("</svg>\n"))
  }
}
