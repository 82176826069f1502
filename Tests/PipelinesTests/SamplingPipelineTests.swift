import Compute
import ComputeCPU
import Datasets
import Diffusion
import Files
import Evaluation
import Models
import Networks
import Pipelines
import Pretrained
import Tensors
import Tensors
import TestSupport
import Testing

@Suite("Pipelines", .serialized)
struct SamplingPipelineTests {
  static let shape = ImageShape(channels: 1, height: 28, width: 28)

  private func settings(_ change: (inout SamplingSettings) -> Void = { _ in }) -> SamplingSettings {
    var settings = SamplingSettings(seeds: [4, 5, 6])
    settings.sampler = .named(.ddim)
    settings.steps = 3
    change(&settings)
    return settings
  }

  @Test("Function evaluations are counted, and they are not the steps", arguments: [(SamplerName.ddim, 3), (.heun, 5)])
  func evaluations(sampler: SamplerName, expected: Int) throws {
    let settings = settings { $0.sampler = .named(sampler) }
    let summary = try SamplingPipeline(Model.pretrained(), settings, on: CPUBackend()).run { _ in }
    #expect(summary.evaluations == expected && summary.images == 3)
  }

  @Test("A run that is stopped keeps its finished batches")
  func stop() throws {
    let pipeline = try SamplingPipeline(Model.pretrained(), settings { $0.batch = 1 }, on: CPUBackend())
    var finished: [UInt64] = []
    var steps = 0
    let summary = try pipeline.run(
      shouldStop: { steps == 4 }, progress: { _ in steps += 1 }, finished: { finished += $0.seeds })
    #expect(finished == [4])
    #expect(summary.wasStopped && summary.images == 1)
  }

  @Test("The batch follows from the memory, and too little memory is an error that says how much it takes")
  func memory() throws {
    let model = try Model.pretrained()
    let seeds = SamplingSettings(seeds: Array(0..<64))
    let plenty = try SamplingPipeline(model, seeds, on: CPUBackend()).batch
    let scarce = try SamplingPipeline(model, seeds, on: CPUBackend(options: .init(memoryBudget: 24_000_000))).batch
    #expect(plenty == 16)
    #expect((1..<16).contains(scarce))
    let error = #expect(throws: PipelineError.self) {
      try SamplingPipeline(model, seeds, on: CPUBackend(options: .init(memoryBudget: 1_000_000)))
    }
    guard case .memory(available: 1_000_000, let needed)? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect((2_000_000...60_000_000).contains(needed))
    var large = seeds
    large.batch = 64
    #expect(throws: PipelineError.self) {
      try SamplingPipeline(model, large, on: CPUBackend(options: .init(memoryBudget: 24_000_000)))
    }
  }

  @Test("What a plan allows stays within the budget in truth", arguments: [32_000_000, 60_000_000])
  func budget(bytes: Int) throws {
    let backend = try CPUBackend(options: .init(memoryBudget: bytes))
    var settings = SamplingSettings(seeds: Array(0..<16))
    settings.steps = 2
    let summary = try SamplingPipeline(Model.pretrained(), settings, on: backend).run { _ in }
    #expect(summary.images == 16)
    #expect(backend.memoryUse.peak <= bytes)
  }

  @Test("Images from late Gaussian starts are as bright as the data, those from noise are not")
  func lateStart() throws {
    let model = try Model.pretrained()
    let mean = try #require(model.statistics).read().mean
    let expected = mean.reduce(0) { $0 + Double($1) } / 784
    var errors: [LateStartKind: Double] = [:]
    for kind in [LateStartKind.gaussian, .flow, .noise] {
      var settings = SamplingSettings(seeds: Array(0..<32))
      settings.sampler = .named(.ddim)
      settings.steps = 3
      settings.start = .late(timestep: 400, kind: kind)
      let pipeline = try SamplingPipeline(model, settings, on: CPUBackend())
      #expect(pipeline.plan.steps.map(\.from.timestep) == [400, 200, 0])
      var sum = 0.0
      _ = try pipeline.run { images in sum += images.values.reduce(0) { $0 + Double($1) } }
      errors[kind] = abs(sum / Double(32 * 784) - expected)
    }
    let noise = try #require(errors[.noise])
    #expect(try #require(errors[.gaussian]) < noise / 2 && #require(errors[.flow]) < noise / 2, "\(errors)")
  }

  @Test("Pictures round half to even and clamp, NaN is black")
  func conversion() {
    let values: [Float] = [-2, -1, 0, 1, 3, .nan, 1 / 255]
    #expect(ImageConversion.bytes(values) == [0, 0, 128, 255, 255, 0, 128])
    let shape = ImageShape(channels: 3, height: 1, width: 2)
    #expect(ImageConversion.interleaved([-1, 1, -1, 1, 1, -1], shape) == [0, 0, 255, 255, 255, 0])
  }

  @Test("A grid repeats pixels and leaves gaps")
  func grid() {
    let shape = ImageShape(channels: 1, height: 1, width: 1)
    let grid = ImageConversion.grid([10, 20, 30], shape, zoom: 2)
    #expect((grid.width, grid.height) == (6, 6))
    #expect(Array(grid.pixels[..<6]) == [10, 10, 0, 0, 20, 20])
    #expect(Array(grid.pixels[24..<30]) == [30, 30, 0, 0, 0, 0])
  }

  @Test("Statistics come back from their file, whole and truncated")
  func statistics() throws {
    let folder = try TemporaryFolder()
    let source = try Dataset.open(Fixtures.path("mnist/t10k-images-idx3-ubyte.gz"))
    let statistics = try ImageStatistics(of: source, rank: 20)
    #expect(statistics.remainder > 0)
    try OutputFile.write(statistics.encoded(), to: folder.path("s.safetensors"))
    let read = try ImageStatistics(SafetensorsFile(folder.path("s.safetensors")))
    #expect(read.shape == Self.shape && read.count == 10_000 && read.rank == 20)
    #expect(abs(read.totalVariance / statistics.totalVariance - 1) < 1e-6)
  }
}
