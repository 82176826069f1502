import Compute
import ComputeCPU
import CheckpointFormats
import Diffusion
import DiffusersFormat
import Files
import Models
import Pipelines
import Tensors
import Testing

@Suite("Settings and records are values")
struct ValueTests {
  private static var settings: [SamplingSettings] {
    var all = [SamplingSettings(seeds: [0, 1, 2, 7, .max])]
    for change: (inout SamplingSettings) -> Void in [
      { $0.sampler = .named(.dpmStochastic2) },
      {
        $0.sampler = .configuration(
          SchedulerConfiguration(["_class_name": .string("DPM"), "lambda_min_clipped": .number(-.infinity), "a": .null])
        )
      },
      { $0.options = .init(eta: 0.25, usesLimitedNoise: true, usesGridSteps: true) }, { $0.clipSample = false },
      { $0.steps = 3 }, { $0.start = .late(timestep: 400, kind: .flow) }, { $0.start = .images(timestep: 20) },
      { $0.seeds = [5, 4, 3, 10, 11, 12] }, { $0.generator = .torch }, { $0.classLabel = 3 }, { $0.guidance = 1.5 },
      { $0.size = .init(height: 32, width: 48) }, { $0.batch = 9 },
    ] {
      var changed = all[0]
      change(&changed)
      all.append(changed)
    }
    return all
  }

  @Test("The paper's DDPM is DDIM with eta 1; other names are samplers, or none")
  func samplerNames() throws {
    var settings = SamplingSettings(seeds: [0])
    try settings.select(sampler: "DDPM-paper")
    #expect(settings.sampler == .named(.ddim) && settings.options.eta == 1)
    var other = SamplingSettings(seeds: [0])
    try other.select(sampler: "dpm++")
    #expect(other.sampler == .named(.dpmMultistep2) && other.options == .init())
    #expect {
      try other.select(sampler: "paper")
    } throws: {
      "\($0)".contains("ddpm-paper")
    }
  }

  @Test("Settings come back from their JSON, whatever is changed, and differ from all others")
  func settings() throws {
    for settings in Self.settings {
      #expect(try JSONValue(encoding: settings).decoded() == settings)
    }
    #expect(Set(Self.settings).count == Self.settings.count)
    #expect(Set(try Self.settings.map { try JSONValue(encoding: $0).text }).count == Self.settings.count)
  }

  @Test("So do requests of every kind of model")
  func requests() throws {
    var options = CheckpointOptions()
    (options.weights, options.preset) = (.raw, "cd_imagenet64_l2")
    for model: ModelReference in [
      .directory(path: "c.pt", variant: nil, checkpoint: options),
      .directory(path: nil, variant: nil), .directory(path: "a", variant: "fp16"), .data(path: "d", scheduler: nil),
      .data(path: "d", scheduler: "m"), .world(.twoPoints), .world(.hypersphere(dimension: 3, radius: 0.5)),
      .world(.mixture(path: "a:b.json")), .world(.gaussian(path: "s")),
    ] {
      var request = SamplingRequest(model: model, settings: Self.settings[0])
      (request.statistics, request.inputImages, request.initialNoise) = ("s", "i", "n")
      request.zoom = 3
      #expect(try JSONValue(encoding: request).decoded() == request)
    }
  }

  @Test("A record comes back from its JSON, and names its model's weights")
  func record() throws {
    let request = SamplingRequest(model: .world(.hypersphere(dimension: 2, radius: nil)), settings: Self.settings[0])
    let opened = try request.open { _, _, _ in throw FileError("none", "is not asked for") }
    let backend = try CPUBackend()
    let pipeline = try SamplingPipeline(opened.model, opened.settings, on: backend)
    let record = try RunRecord(
      request, fingerprints: opened.fingerprints, pipeline, machine: .init(backend, .init(threads: 2)), version: "1.2.3"
    )
    let again: RunRecord = try record.json.decoded()
    #expect(again == record && again.request.settings.batch == pipeline.batch)
    #expect(throws: PipelineError.changed(file: "w")) {
      var other = record
      other.files["w"] = "00"
      try other.check(record.files)
    }
  }

  @Test("Equal settings on one device make equal samples, bit for bit")
  func equalSamples() throws {
    let request = SamplingRequest(model: .world(.hypersphere(dimension: 6, radius: nil)), settings: Self.settings[0])
    var results: [[Float]] = []
    for _ in 0..<2 {
      let copy: SamplingRequest = try JSONValue(encoding: request).decoded()
      let opened = try copy.open { _, _, _ in throw FileError("none", "is not asked for") }
      var values: [Float] = []
      _ = try SamplingPipeline(opened.model, opened.settings, on: CPUBackend()).run { values += $0.values }
      results.append(values)
    }
    #expect(results[0] == results[1] && results[0].count == 30)
  }
}
