import Compute
import ComputeCPU
import Diffusion
import DiffusersFormat
import Evaluation
import Files
import Models
import Networks
import Pipelines
import Tensors
import TestSupport
import Testing

@Suite("Numbers of runs and results")
struct NumberLimitTests {
  private func model(_ change: (inout UNetConfiguration) -> Void = { _ in }, scheduler: [String: JSONValue] = [:])
    throws
    -> Model
  {
    let values = ["_class_name": JSONValue.string("DDIMScheduler")].merging(scheduler) { $1 }
    return Model(name: "small", network: try smallNetwork(change), scheduler: SchedulerConfiguration(values))
  }

  @Test("A number out of range is an error before anything is made", arguments: [Int.min, -1, 0, 1 << 40, .max])
  func ranges(number: Int) throws {
    let model = try model(), backend = try CPUBackend()
    for change: (inout SamplingSettings) -> Void in [
      { $0.steps = number }, { $0.batch = number }, { $0.guidance = number == 0 ? .nan : Double(number) * 1e6 },
      { $0.options.eta = number == 0 ? .infinity : Double(number) },
      { $0.start = .late(timestep: number, kind: .noise) },
      { $0.start = .images(timestep: number) },
    ] {
      var settings = SamplingSettings(seeds: [0])
      change(&settings)
      let error = #expect(throws: PipelineError.self) { try SamplingPipeline(model, settings, on: backend) }
      #expect(error.map { !$0.description.contains("\n") } ?? false)
    }
  }

  @Test("A model of one training step has no late start")
  func oneStep() throws {
    let model = try model(scheduler: ["num_train_timesteps": .number(1)]), backend = try CPUBackend()
    var settings = SamplingSettings(seeds: [0])
    (settings.steps, settings.start) = (1, .late(timestep: 1, kind: .noise))
    #expect(throws: PipelineError.self) { try SamplingPipeline(model, settings, on: backend) }
  }

  @Test("Sizes that no memory holds are an error of the model", arguments: [4096, 65_536])
  func sizes(extent: Int) throws {
    let model = try model(), backend = try CPUBackend()
    var settings = SamplingSettings(seeds: [0])
    settings.size = .init(height: extent, width: extent)
    #expect(throws: ModelError.self) { try SamplingPipeline(model, settings, on: backend) }
  }

  @Test("Samples that are not finite end the run with their seeds, and are not handed on")
  func notFinite() throws {
    let model = try model { ($0.inputChannels, $0.outputChannels) = (2, 2) }, backend = try CPUBackend()
    var settings = SamplingSettings(seeds: [40, 41, 42])
    (settings.steps, settings.clipSample, settings.batch) = (2, false, 2)
    let count = 2 * 8 * 8
    var noise = [Float](repeating: 0.5, count: 3 * count)
    noise[2 * count + 5] = 3e38
    let pipeline = try SamplingPipeline(
      model, settings, inputs: .init(noise: .init(initial: noise)), on: backend)
    var finished: [UInt64] = []
    let error = #expect(throws: PipelineError.self) { try pipeline.run { finished += $0.seeds } }
    #expect(error == .notFinite(seeds: [42]) && finished == [40, 41])
  }

  @Test("A schedule without signal and without a limit is noted, as is guidance; nothing else is")
  func notices() throws {
    let zero: [String: JSONValue] = ["rescale_betas_zero_snr": .boolean(true), "timestep_spacing": .string("trailing")]
    func notices(_ scheduler: [String: JSONValue], _ change: (inout SamplingSettings) -> Void = { _ in }) throws -> Int
    {
      var settings = SamplingSettings(seeds: [0])
      settings.classLabel = 1
      change(&settings)
      let model = try model(
        {
          $0.classEmbedding = .table
          $0.classCount = 4
        }, scheduler: scheduler)
      return try SamplingPipeline(model, settings, on: CPUBackend()).notices.count
    }
    #expect(try notices([:]) == 0)
    #expect(try notices([:]) { $0.clipSample = false } == 0)
    #expect(try notices([:]) { $0.guidance = 2 } == 1)
    #expect(try notices(zero) == 0)
    #expect(try notices(zero) { $0.clipSample = false } == 1)
    #expect(
      try notices(zero.merging(["prediction_type": .string("v_prediction")]) { $1 }) { $0.clipSample = false } == 0)
  }

  @Test(
    "Statistics without directions start late with the remainder alone", arguments: [LateStartKind.gaussian, .flow])
  func rankZero(kind: LateStartKind) throws {
    let shape = ImageShape(channels: 2, height: 8, width: 8), backend = try CPUBackend()
    let folder = try TemporaryFolder(), path = folder.path("statistics.safetensors")
    var writer = SafetensorsWriter(metadata: ["count": "3", "channels": "2", "height": "8", "width": "8"])
    writer.add("mean", shape: [shape.count], values: .init(repeating: 0.25, count: shape.count))
    writer.add("eigenvalues", shape: [0], values: [])
    writer.add("basis", shape: [0, shape.count], values: [])
    writer.add("remainder", shape: [1], values: [0.04])
    try OutputFile.write(writer.encoded(), to: path)
    let statistics = try ImageStatistics(SafetensorsFile(path))
    let gaussian = statistics.gaussian(on: backend)
    #expect(gaussian.basis == nil)
    let level = NoiseSchedule.linear().level(at: 300), noise = SeededNoise(seeds: [1], sampleShape: [128], on: backend)
    let z = noise.initialNoise(), values = try z.values()
    let deviation = (level.alpha * level.alpha * 0.04 + level.sigma * level.sigma).squareRoot()
    for (value, normal) in zip(try gaussian.gaussianState(from: z, at: level).values(), values) {
      #expect(abs(Double(value) - (0.25 * level.alpha + deviation * Double(normal))) < 1e-5)
    }
    var settings = SamplingSettings(seeds: [0, 1])
    (settings.steps, settings.start) = (2, .late(timestep: 300, kind: kind))
    let model = Model(
      name: "small", network: try smallNetwork { _ in }, scheduler: nil, statistics: statistics)
    #expect(try SamplingPipeline(model, settings, on: backend).run { _ in }.images == 2)
  }

  @Test("A grid that is no picture any more is refused before the run")
  func grids() {
    let shape = ImageShape(channels: 1, height: 28, width: 28)
    for (count, zoom) in [(10_000_000, 64), (1_000_000, 64), (10_000_000, 2)] {
      #expect(throws: FileError.self) { try ImageOutput.open("grid.png", shape, count: count, zoom: zoom) }
    }
    #expect(throws: FileError.self) { try ImageOutput.open("images.npy", shape, count: .max) }
  }

  @Test("A scheduler that is nested too deeply for a record is refused, and one that is not is recorded")
  func nesting() throws {
    for depth in [1, 14, 15, 16, 40, 60] {
      let text =
        #"{"_class_name": "DDPMScheduler", "x": \#(String(repeating: "[", count: depth))1"#
        + String(repeating: "]", count: depth) + "}"
      let json = try JSONValue(text, path: "s.json")
      #expect(json.depth == depth + 1)
      guard depth < 16 else {
        #expect(throws: SchedulerConfigurationError.self) { try SchedulerConfiguration(json, path: "s.json") }
        continue
      }
      var settings = SamplingSettings(seeds: [0])
      settings.sampler = .configuration(try SchedulerConfiguration(json, path: "s.json"))
      #expect(try JSONValue(encoding: settings).decoded() == settings)
    }
  }
}
