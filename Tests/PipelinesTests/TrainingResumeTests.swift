import Compute
import ComputeCPU
import Files
import Foundation
import Pipelines
import TestSupport
import Testing
import Training

/// Small runs of a training in a folder.
struct SmallRun {
  let folder: TemporaryFolder

  /// A folder with eight grey images of 8x8 pixels, and a network.
  init() throws {
    folder = try TemporaryFolder()
    try writeImages(count: 8, width: 8, step: 37)
    try OutputFile.write(Self.network.utf8, to: folder.path("network.json"))
  }

  /// Writes the images anew.
  func writeImages(count: Int, width: Int, step: Int) throws {
    let pixels = (0..<count * 8 * width).map { Float($0 * step % 251) / 127.5 - 1 }
    try OutputFile.write(
      NumpyArray(pixels, shape: [count, 1, 8, width]).encoded(), to: folder.path("images.npy"))
  }

  static let network = """
    {"_class_name": "UNet2DModel", "sample_size": 8, "in_channels": 1, "out_channels": 1, "layers_per_block": 1,
     "block_out_channels": [8], "down_block_types": ["DownBlock2D"], "up_block_types": ["UpBlock2D"],
     "norm_num_groups": 4, "act_fn": "relu", "norm_eps": 0.001, "add_attention": false}
    """

  /// A request that names everything, for a new run; or for going on, with nothing but the folder.
  func request(_ settings: NamedSettings = .init(), resumes: Bool = false) -> TrainingRequest {
    var output = TrainingOutput(folder: folder.path("run"))
    if !resumes { output.samplesEvery = 0 }
    var request = TrainingRequest(
      data: resumes ? nil : folder.path("images.npy"), settings: settings, output: output, resumes: resumes)
    if !resumes { request.configuration = folder.path("network.json") }
    return request
  }

  /// The settings of the first part: two steps.
  static var settings: TrainingSettings {
    var settings = TrainingSettings()
    (settings.batch, settings.steps, settings.warmUp, settings.seed) = (2, 2, 1, 1 << 63 | 5)
    return settings
  }

  /// Trains to the last step.
  @discardableResult
  func train(_ request: TrainingRequest) throws -> (step: Int, notes: [String]) {
    var notes: [String] = []
    let run = try request.start { notes.append($0) }.denoiser(on: CPUBackend()) { notes.append($0) }
    _ = try run.pipeline.run(shouldStop: { false }) { _ in }
    return (run.pipeline.trainer.step, notes)
  }
}

@Suite("Going on with a training")
struct TrainingResumeTests {
  /// A legal value of a setting that is not the one it has.
  static func other(_ name: String, than value: JSONValue) throws -> JSONValue {
    let number = value.double ?? 0
    let words =
      TrainingSettings.Task.allCases.map(\.rawValue) + TrainingSettings.LearningRateSchedule.allCases.map(\.rawValue)
      + TrainingSettings.TimeSampling.allCases.map(\.rawValue) + ["sample"]
    let candidates =
      [number + 1, number / 2, 0.5].map { JSONValue.number($0) } + words.map { .string($0) }
      + [.boolean(true), .boolean(false)]
    return try #require(
      candidates.first {
        guard let settings = try? TrainingSettings(.object([name: $0]), path: "a candidate") else { return false }
        return settings.json.object?[name] != value
      }, "\(name)")
  }

  @Test("A setting that is named again either changes as it may, with a note, or is refused by name; the others stay")
  func everySetting() throws {
    let small = try SmallRun(), settings = SmallRun.settings
    try small.train(small.request(.init(settings)))
    let recorded = try #require(settings.json.object)
    #expect(recorded.count == NamedSettings.names.count)
    for name in NamedSettings.names {
      let old = try #require(recorded[name]), new = try Self.other(name, than: old)
      let again = try NamedSettings(.object([name: old]), path: "again.json")
      #expect(try small.request(again, resumes: true).start { _ in }.settings == settings, "\(name)")
      let request = try small.request(NamedSettings(.object([name: new]), path: "other.json"), resumes: true)
      var notes: [String] = []
      if NamedSettings.mayChange.contains(name) {
        let start = try request.start { notes.append($0) }
        #expect(start.settings.json.object == recorded.merging([name: new]) { $1 }, "\(name)")
        #expect(notes.contains("\(name) is \(new.line) instead of \(old.line)"), "\(name): \(notes)")
      } else {
        #expect("\(name)") {
          _ = try request.start { _ in }
        } throws: {
          let text = "\($0)"
          return text.contains("other.json: \(name) is \(new.line), the run has \(old.line)") && !text.contains("\n")
        }
      }
    }
  }

  @Test("A value that happens to be the default is as good as any other that is named")
  func namedDefault() throws {
    let small = try SmallRun()
    var settings = SmallRun.settings
    settings.learningRate = 5e-4
    try small.train(small.request(.init(settings)))
    var named = NamedSettings()
    named.set("steps", \.steps, to: 6000)
    named.set("learning_rate", \.learningRate, to: 1e-3)
    let resumed = try small.request(named, resumes: true).start { _ in }.settings
    #expect(resumed.steps == 6000 && resumed.learningRate == 1e-3 && resumed.batch == 2)
    named.set("steps", \.steps, to: 1)
    #expect(throws: PipelineError.stepsDone(asked: 1, done: 2)) {
      _ = try small.request(named, resumes: true).start { _ in }
    }
  }

  @Test("Network and scheduler come from the checkpoint, and others are refused with the field and both values")
  func configurations() throws {
    let small = try SmallRun()
    let cosine = "{\"_class_name\": \"DDPMScheduler\", \"beta_schedule\": \"squaredcos_cap_v2\"}"
    try OutputFile.write(cosine.utf8, to: small.folder.path("cosine.json"))
    var first = small.request(.init(SmallRun.settings))
    first.scheduler = small.folder.path("cosine.json")
    try small.train(first)
    var named = NamedSettings()
    named.set("steps", \.steps, to: 3)
    #expect(try small.train(small.request(named, resumes: true)).step == 3)
    let last = try SafetensorsFile(#require(first.output.savedCheckpoints.last))
    #expect(
      try JSONValue(#require(last.metadata["scheduler"]), path: "")["beta_schedule"] == .string("squaredcos_cap_v2"))
    // Everything again, as many do it.
    var whole = small.request(resumes: true)
    (whole.data, whole.scheduler) = (first.data, first.scheduler)
    whole.configuration = first.configuration
    #expect(try small.train(whole).step == 3)
    for (field, old, new) in [
      ("act_fn", "\"relu\"", "\"silu\""), ("norm_num_groups", "4", "2"), ("norm_eps", "0.001", "0.002"),
    ] {
      let text = SmallRun.network.replacing("\"\(field)\": \(old)", with: "\"\(field)\": \(new)")
      try OutputFile.write(text.utf8, to: small.folder.path("other.json"))
      var request = small.request(resumes: true)
      request.configuration = small.folder.path("other.json")
      #expect { try small.train(request) } throws: {
        "\($0)".contains("other.json: \(field) is \(new), the run has \(old)")
      }
    }
    var request = small.request(resumes: true)
    try OutputFile.write(
      cosine.replacing("squaredcos_cap_v2", with: "linear").utf8, to: small.folder.path("linear.json"))
    request.scheduler = small.folder.path("linear.json")
    #expect { try small.train(request) } throws: {
      "\($0)".contains("linear.json: beta_schedule is \"linear\", the run has \"squaredcos_cap_v2\"")
    }
  }

  @Test("Other images are refused unless that is asked for; the same images may lie elsewhere")
  func otherData() throws {
    let small = try SmallRun(), path = small.folder.path("images.npy")
    try small.train(small.request(.init(SmallRun.settings)))
    var moved = small.request(resumes: true)
    moved.data = small.folder.path("moved.npy")
    try OutputFile.write(fileBytes(path), to: small.folder.path("moved.npy"))
    #expect(try small.train(moved).notes.contains { $0.contains("moved.npy") && $0.contains("same images") })
    for (count, width, field) in [(8, 8, "sha256"), (7, 8, "count"), (8, 4, "shape")] {
      try small.writeImages(count: count, width: width, step: 31 + count)
      var request = small.request(resumes: true)
      #expect { try small.train(request) } throws: { "\($0)".contains("images.npy: \(field) of the images is") }
      request.allowsOtherData = true
      if field == "shape" {
        #expect(throws: PipelineError.self) { try small.train(request) }
      } else {
        #expect(try small.train(request).notes.contains { $0.contains("\(field) is") && $0.contains("instead of") })
      }
    }
  }

  @Test("A damaged checkpoint is passed over for the one before, and kept under another name")
  func damaged() throws {
    let small = try SmallRun()
    var first = small.request(.init(SmallRun.settings))
    first.output.checkpointEvery = 1
    try small.train(first)
    let saved = first.output.savedCheckpoints
    try #require(saved.count == 2)
    let whole = try fileBytes(saved[1]), before = try tensors(saved[1])
    try OutputFile.write(whole.dropLast(10), to: saved[1])
    let (step, notes) = try small.train(small.request(resumes: true))
    #expect(step == 2)
    #expect(notes.contains { $0.contains(saved[1]) && $0.contains("going on from \(saved[0])") }, "\(notes)")
    #expect(try fileBytes(saved[1] + ".damaged") == Array(whole.dropLast(10)))
    #expect(try tensors(saved[1]) == before)
    for path in saved { try OutputFile.write([1, 2, 3], to: path) }
    #expect {
      try small.train(small.request(resumes: true))
    } throws: {
      "\($0)".contains("none of 2 checkpoints is whole") && !"\($0)".contains("\n")
    }
  }

  private func tensors(_ path: String) throws -> [String: [Float]] {
    let file = try SafetensorsFile(path)
    return file.entries.mapValues { file.floats($0) }
  }

  @Test("A checkpoint of the first format goes on with what is named, and says what it needs")
  func former() throws {
    let small = try SmallRun()
    try small.train(small.request(.init(SmallRun.settings)))
    let path = try #require(small.request().output.savedCheckpoints.last), file = try SafetensorsFile(path)
    var metadata = file.metadata.filter { ["settings", "step", "seconds"].contains($0.key) }
    metadata["format"] = "diffuse-gpu training 1"
    var writer = SafetensorsWriter(metadata: metadata)
    for (name, entry) in file.entries { writer.add(name, shape: entry.shape, values: file.floats(entry)) }
    try OutputFile.write(writer.encoded(), to: path)
    var request = small.request(resumes: true)
    #expect { _ = try request.start { _ in } } throws: { "\($0)".contains("does not say where the images are") }
    request.data = small.folder.path("images.npy")
    #expect { try small.train(request) } throws: { "\($0)".contains("another architecture") }
    request.configuration = small.folder.path("network.json")
    request.settings.set("steps", \.steps, to: 3)
    let (step, notes) = try small.train(request)
    #expect(step == 3 && notes.contains { $0.contains("older version") })
    #expect(try SafetensorsFile(#require(request.output.savedCheckpoints.last)).metadata["network"] != nil)
  }

  @Test("A batch that cannot fit is refused before anything is allocated", arguments: [1 << 20, 1 << 17])
  func largeBatch(batch: Int) throws {
    let small = try SmallRun()
    var settings = SmallRun.settings
    settings.batch = batch
    let request = small.request(.init(settings))
    let backend = try CPUBackend(options: .init(memoryBudget: 500_000_000))
    #expect {
      _ = try request.start { _ in }.denoiser(on: backend) { _ in }
    } throws: {
      if case PipelineError.batch(batch, _, 500_000_000, let fitting) = $0 { 1..<batch ~= fitting } else { false }
    }
    #expect(!FileManager.default.fileExists(atPath: small.folder.path("run")))
  }

  @Test("A batch that just fits by the plan trains")
  func fittingBatch() throws {
    let small = try SmallRun(), budget = 60_000_000
    var settings = SmallRun.settings
    (settings.batch, settings.steps) = (1 << 20, 1)
    func open(_ batch: Int) throws -> DenoiserTraining {
      settings.batch = batch
      return try small.request(.init(settings)).start { _ in }
        .denoiser(on: CPUBackend(options: .init(memoryBudget: budget, threads: 1))) { _ in }
    }
    var fitting = 0
    do {
      _ = try open(1 << 20)
    } catch PipelineError.batch(_, _, _, let found) {
      fitting = found
    }
    try #require(fitting > 1)
    #expect(try open(max(1, fitting / 2)).pipeline.run(shouldStop: { false }) { _ in })
  }
}
