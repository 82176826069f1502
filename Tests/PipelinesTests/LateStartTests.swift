import Compute
import ComputeCPU
import Datasets
import Diffusion
import Evaluation
import Files
import Foundation
import Models
import Networks
import Pipelines
import Pretrained
import Tensors
import TestSupport
import Testing

@Suite("Late starts of pipelines", .serialized)
struct LateStartTests {
  /// The statistics of the 60,000 training digits.
  private func digits() throws -> ImageStatistics { try #require(Model.pretrained().statistics).read() }

  @Test(
    "Noised digits are so far from the normals of a plain late start",
    arguments: zip([400, 500, 600, 700, 800, 900], [61.6, 22.2, 6.84, 1.79, 0.389, 0.070]))
  func divergence(step: Int, nats: Double) throws {
    let gaussian = try digits().gaussian(on: CPUBackend())
    let found = gaussian.divergence(at: NoiseSchedule.linear().level(at: step))
    // The figures have two or three digits.
    #expect(abs(found / nats - 1) < 0.01, "\(found)")
  }

  /// Half the squared length of a vector in units of the digits' deviations at a level, in nats.
  private func nats(_ vector: [Double], _ statistics: ImageStatistics, at level: NoiseLevel) -> Double {
    let variance = { (clean: Double) in level.alpha * level.alpha * clean + level.sigma * level.sigma }
    let coordinates = statistics.eigenvalues.indices.map { row in
      statistics.basis[row * 784..<(row + 1) * 784].enumerated().reduce(0) {
        $0 + Double($1.element) * vector[$1.offset]
      }
    }
    let inside = zip(coordinates, statistics.eigenvalues).reduce(0) { $0 + $1.0 * $1.0 / variance($1.1) }
    let outside = (vector + coordinates).enumerated().reduce(0) {
      $0 + ($1.offset < 784 ? 1 : -1) * $1.element * $1.element
    }
    return (inside + outside / variance(statistics.remainder)) / 2
  }

  @Test(
    "A flow's states miss the mean by that of the noised data where it begins: little at the last training step only",
    arguments: zip([999, 800, 666], [0.0...0.011, 0.3...0.5, 2.0...3.0]))
  func meanError(top: Int, range: ClosedRange<Double>) throws {
    let digits = try digits(), gaussian = try digits.gaussian(on: CPUBackend()), schedule = NoiseSchedule.linear()
    let (start, end) = (schedule.level(at: top), schedule.level(at: 500))
    // The map is affine, so that its mean is the image of the noise's.
    let zero = Tensor([Float](repeating: 0, count: 784), shape: [1, 784], on: gaussian.mean.backend)
    let mean = try gaussian.flowed(zero, from: start, to: end).values()
    let error = zip(mean, digits.mean).map { Double($0) - end.alpha * Double($1) }
    let expected = nats(digits.mean.map { start.alpha * Double($0) }, digits, at: start)
    let found = nats(error, digits, at: end)
    #expect(abs(found / expected - 1) < 1e-3 && range.contains(found), "\(found), \(expected)")
  }

  @Test("A flow begins at the last training step, however few the sampler's own", arguments: [3, 5, 50])
  func flow(steps: Int) throws {
    let backend = try CPUBackend(), digits = try digits(), gaussian = digits.gaussian(on: backend)
    var settings = SamplingSettings(seeds: [3, 8])
    (settings.sampler, settings.steps) = (.named(.ddim), steps)
    settings.start = .late(timestep: 500, kind: .flow)
    let world = ExactWorld(name: "digits", .gaussian(digits))
    let pipeline = try SamplingPipeline(world, settings, on: backend)
    var first: [Float] = []
    _ = try pipeline.run(
      progress: { if $0.state.index == 0 { first = try $0.state.denoised.values() } }, finished: { _ in })
    let schedule = pipeline.scheduler.schedule, level = schedule.level(at: 500)
    let noise = SeededNoise(seeds: [3, 8], sampleShape: [1, 28, 28], on: backend).initialNoise()
    func estimate(from top: Int) throws -> [Float] {
      let state = gaussian.flowed(noise, from: schedule.level(at: top), to: level)
      return try GaussianDenoiser(gaussian).prediction(state, at: level).denoised.values()
    }
    #expect(zip(first, try estimate(from: 999)).allSatisfy { abs($0 - $1) < 1e-4 })
    #expect(zip(first, try estimate(from: 800)).contains { abs($0 - $1) > 1e-2 })
  }

  /// A small network whose data had three classes.
  private func model(_ change: (inout UNetConfiguration) -> Void = { _ in }) throws -> (Model, [ImageStatistics]) {
    let network = try smallNetwork(change), shape = ImageShape(channels: 2, height: 8, width: 8)
    let classes = (0..<3).map { label in
      var collector = ImageStatisticsCollector(shape: shape, count: 6 * (label + 1))
      for image in 0..<6 * (label + 1) {
        let angles = (0..<128).map { Float(($0 * 37 + image * 11 + label * 5) % 101) }
        collector.add(angles.map { 0.1 * Float(label) + 0.2 * sin($0) }, labels: [])
      }
      return collector.statistics()
    }
    var model = Model(name: "small", network: network, scheduler: nil)
    model.statistics = .values(classes[0], ClassStatistics(classes))
    return (model, classes)
  }

  private func samples(_ model: Model, _ settings: SamplingSettings, on backend: any Backend) throws -> [[Float]] {
    var samples: [[Float]] = []
    _ = try SamplingPipeline(model, settings, on: backend).run { images in
      samples += stride(from: 0, to: images.values.count, by: 128).map { Array(images.values[$0..<$0 + 128]) }
    }
    return samples
  }

  @Test(
    "A start by class is the Gaussian start of the sample's class, drawn by the seed where it has none",
    arguments: [false, true])
  func byClass(isConditional: Bool) throws {
    for (name, backend) in try backendsUnderTest() {
      var (model, classes) = try model { if isConditional { $0.setClasses() } }
      let seeds: [UInt64] = [7, 8, 9, 10, 11, 12, 13]
      var settings = SamplingSettings(seeds: seeds)
      (settings.sampler, settings.steps, settings.batch) = (.named(.ddim), 2, 7)
      if isConditional { settings.classes = .labels([2, 0, 1]) }
      settings.start = .late(timestep: 500, kind: .classGaussian)
      let pipeline = try SamplingPipeline(model, settings, on: backend)
      let drawn = seeds.map { ClassStatistics(classes).label(ofSeed: $0) }
      #expect(pipeline.startLabels == (isConditional ? [2, 0, 1, 2, 0, 1, 2] : drawn))
      #expect(Set(pipeline.startLabels).count > 1)
      let found = try samples(model, settings, on: backend)
      settings.batch = 2
      let others = try samples(model, settings, on: backend)
      settings.start = .late(timestep: 500, kind: .gaussian)
      for (place, label) in pipeline.startLabels.enumerated() {
        model.statistics = .values(classes[label])
        let expected = try samples(model, settings.selecting([place]), on: backend)[0]
        #expect(zip(found[place], expected).allSatisfy { abs($0 - $1) < 1e-4 }, "\(name), \(place)")
        #expect(zip(found[place], others[place]).allSatisfy { abs($0 - $1) < 1e-4 }, "\(name), \(place)")
        #expect(ImageConversion.bytes(found[place]) == ImageConversion.bytes(others[place]), "\(name), \(place)")
      }
    }
  }

  @Test("Statistics without the class, or without classes, are refused")
  func refusals() throws {
    var (model, classes) = try model { $0.setClasses() }
    var settings = SamplingSettings(seeds: [0])
    settings.classes = .labels([3])
    settings.start = .late(timestep: 500, kind: .classGaussian)
    #expect(throws: PipelineError.startClass(label: 3, count: 3)) {
      try SamplingPipeline(model, settings, on: CPUBackend())
    }
    settings.classes = .labels([1])
    model.statistics = .values(classes[0])
    #expect(throws: PipelineError.noClassStatistics(model: "small")) {
      try SamplingPipeline(model, settings, on: CPUBackend())
    }
    model.statistics = nil
    #expect(throws: PipelineError.noClassStatistics(model: "small")) {
      try SamplingPipeline(model, settings, on: CPUBackend())
    }
  }

  @Test("The Gaussians of a start count among the memory of a run")
  func memory() throws {
    let (model, _) = try model(), backend = try CPUBackend()
    var settings = SamplingSettings(seeds: Array(0..<8))
    let plain = try needed(model, settings, backend)
    settings.start = .late(timestep: 500, kind: .gaussian)
    // A mean and the five directions of six images.
    #expect(try needed(model, settings, backend) - plain == 4 * 128 * 6)
  }

  private func needed(_ model: Model, _ settings: SamplingSettings, _ backend: CPUBackend) throws -> Int {
    let error = #expect(throws: PipelineError.self) {
      try SamplingPipeline(model, settings, on: CPUBackend(options: .init(memoryBudget: 10_000)))
    }
    guard case .memory(_, let needed)? = error else { return 0 }
    return needed
  }

  @Test("Statistics of a model's samples are those of its pictures")
  func ofSamples() throws {
    let (model, _) = try model { $0.setClasses() }, backend = try CPUBackend()
    var settings = SamplingSettings(seeds: Array(0..<9))
    (settings.sampler, settings.steps, settings.batch) = (.named(.ddim), 2, 4)
    settings.classes = .labels([0, 1, 2])
    let pipeline = try SamplingPipeline(model, settings, on: backend)
    var request = StatisticsRequest()
    request.isPerClass = true
    let found = try #require(try pipeline.statistics(request))
    let folder = try TemporaryFolder()
    let pictures = try samples(model, settings, on: backend).flatMap { ImageConversion.bytes($0) }
    try OutputFile.write(
      NumpyArray(pictures.map { Float($0) / 127.5 - 1 }, shape: [9, 2, 8, 8]).encoded(), to: folder.path("p.npy"))
    let source = try Dataset.open(folder.path("p.npy"), .init(layout: .channelsFirst))
    let expected = try ImageStatistics(of: source)
    #expect(found.all.count == 9 && found.all.rank == expected.rank)
    #expect(zip(found.all.mean, expected.mean).allSatisfy { abs($0 - $1) < 1e-6 })
    #expect(zip(found.all.eigenvalues, expected.eigenvalues).allSatisfy { abs($0 - $1) < 1e-9 })
    #expect(try #require(found.classes).counts == [3, 3, 3])
    settings.classes = nil
    let (unlabelled, _) = try self.model()
    #expect(throws: PipelineError.noSampleClasses) {
      try SamplingPipeline(unlabelled, settings, on: backend).statistics(request)
    }
    #expect(try pipeline.statistics(request, shouldStop: { true }) == nil)
  }
}

extension UNetConfiguration {
  fileprivate mutating func setClasses() { (classEmbedding, classCount) = (.table, 4) }
}
