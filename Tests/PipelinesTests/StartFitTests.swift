import Compute
import ComputeCPU
import Datasets
import Diffusion
import DiffusersFormat
import Evaluation
import Files
import Foundation
import HostMath
import Models
import Networks
import Pipelines
import Pretrained
import SymmetryBreaking
import Tensors
import TestSupport
import Testing

/// Numbered images of one colour each.
private final class PlainImages: ImageSource {
  let path = "plain"
  let shape: ImageShape
  let count: Int
  private var place = 0

  init(count: Int, _ shape: ImageShape = .init(channels: 2, height: 8, width: 8)) {
    self.count = count
    self.shape = shape
  }

  func next(_ wanted: Int) -> [Float] {
    let end = min(place + wanted, count)
    defer { place = end }
    return (place..<end).flatMap { [Float](repeating: Float($0) / Float(count), count: shape.count) }
  }

  /// A kind for each number of classes.
  func labelSets() -> [[Int]] { [3, 2].map { classes in (0..<count).map { $0 % classes } } }
}

@Suite("Starts that are found", .serialized)
struct StartFitTests {
  private static var world: ExactWorld {
    ExactWorld(name: "unequal points", .mixture(PointMixture(points: [[1], [-1]], weights: [0.8, 0.2])))
  }

  private func model(classes: Int? = nil, statistics: Bool = true) throws -> Model {
    let network = try smallNetwork {
      guard let classes else { return }
      $0.classEmbedding = .table
      $0.classCount = classes
    }
    let moments = Moments(
      count: 2, mean: .init(repeating: 0.1, count: 128), basis: [], eigenvalues: [], remainder: 0.2)
    return Model(
      name: "small", network: network, scheduler: nil,
      statistics: statistics ? ImageStatistics(shape: .init(channels: 2, height: 8, width: 8), moments: moments) : nil)
  }

  private func settings(steps: Int, _ change: (inout SamplingSettings) -> Void = { _ in }) -> SamplingSettings {
    var settings = SamplingSettings(seeds: [0, 1, 2])
    (settings.sampler, settings.steps, settings.start) = (.named(.ddim), steps, .automatic(kind: .gaussian))
    change(&settings)
    return settings
  }

  @Test("A fit to statistics alone starts an exact world where the divergence and the steps say")
  func exactWorld() throws {
    let backend = try CPUBackend(), scheduler = try SamplerName.ddim.scheduler()
    var starts: [Int] = []
    for steps in [3, 10] {
      let found = try #require(try settings(steps: steps).foundStart(for: Self.world, on: backend))
      guard case .late(let start, .gaussian) = found.settings.start else {
        Issue.record("\(found.settings.start)")
        return
      }
      #expect(found.notice?.contains("statistics alone") == true && found.notice?.contains("\(start)") == true)
      // The same by the mathematics alone.
      var errors = DenoisingErrors(levels: scheduler.schedule.levels(24, detail: 4), source: .gaussian)
      let points = UnequalPoints(share: 0.8), seeds = (0..<UInt64(128)).map { $0 }
      let statistics = points.statistics(on: backend)
      let normals = Tensor.noise([1], seeds: seeds, key: .init(step: 0, draw: 1), on: backend)
      _ = try errors.add(
        statistics.gaussianState(from: normals, at: .clean),
        noise: Tensor.noise([1], seeds: seeds, key: .init(step: 0), on: backend),
        denoiser: points.denoiser(on: backend),
        statistics: statistics)
      let times = StartTime(errors.curve(statistics: statistics), on: scheduler.schedule)
      #expect(times.choice(steps: steps, scheduler)?.start == start)
      let pipeline = try SamplingPipeline(Self.world, settings(steps: steps), on: backend)
      #expect(pipeline.settings.start == .late(timestep: start, kind: .gaussian))
      #expect(pipeline.plan.start.timestep == Double(start) && pipeline.notices.contains { $0 == found.notice })
      starts.append(start)
    }
    #expect(starts[0] < starts[1], "fewer steps start later")
  }

  @Test("A start that was given stays, and a fit may be stopped")
  func given() throws {
    let backend = try CPUBackend()
    let given = settings(steps: 3) { $0.start = .late(timestep: 321, kind: .flow) }
    let found = try #require(try given.foundStart(for: Self.world, on: backend))
    #expect(found.settings == given && found.notice == nil)
    var asked = 0
    let stopped = try settings(steps: 3).foundStart(
      for: Self.world, on: backend,
      shouldStop: {
        asked += 1
        return asked == 3
      })
    #expect(stopped == nil && asked == 3)
  }

  @Test("Images are spread through the data, and their labels with them")
  func images() throws {
    let model = try model(), shape = ImageShape(channels: 2, height: 8, width: 8), labelled = try self.model(classes: 4)
    let images = try StartFit.Images(of: PlainImages(count: 10), count: 4, for: model, shape)
    #expect(images.count == 4 && images.labels == nil)
    for (kind, labels) in [(0, [0, 2, 2, 1]), (1, [0, 0, 1, 1])] {
      let images = try StartFit.Images(of: PlainImages(count: 10), count: 4, for: labelled, shape, label: kind)
      #expect(images.labels == labels)
    }
    #expect(throws: PipelineError.unnamedLabel(configuration: "small")) {
      try StartFit.Images(of: PlainImages(count: 10), count: 4, for: labelled, shape)
    }
    #expect(throws: PipelineError.label(kind: 2, data: "plain", kinds: 2)) {
      try StartFit.Images(of: PlainImages(count: 10), count: 4, for: labelled, shape, label: 2)
    }
    #expect((0..<4).map { images.values[$0 * 128] } == [0, 0.2, 0.5, 0.7])
    #expect(try StartFit.Images(of: PlainImages(count: 3), count: 512, for: model, shape).count == 3)
    #expect(throws: EvaluationError.tooFewImages(path: "plain", count: 1, needed: 2)) {
      try StartFit.Images(of: PlainImages(count: 1), count: 4, for: model, shape)
    }
    let other = ImageShape(channels: 1, height: 8, width: 8)
    #expect(throws: ModelError.images(path: "plain", shape: other, model: "small", expected: shape)) {
      try StartFit.Images(of: PlainImages(count: 10, other), count: 4, for: model, shape)
    }
  }

  @Test(
    "Differences are those of the network's and the Gaussian's errors, one evaluation a level", arguments: [nil, 4])
  func differences(classes: Int?) throws {
    let backend = try CPUBackend(), model = try model(classes: classes), count = 5
    let shape = ImageShape(channels: 2, height: 8, width: 8)
    let images = try StartFit.Images(of: PlainImages(count: 10), count: count, for: model, shape, label: 0)
    var fitSettings = StartFit.Settings()
    (fitSettings.images, fitSettings.levels) = (count, 20)
    let fit = try StartFit(model, fitSettings, images: images, on: backend)
    var reported = 0
    let found = try #require(try fit.run(progress: { reported = $0 }))
    #expect(fit.evaluations == 100 && reported == 100 && fit.levels.count == 20)
    let noise = try Tensor.noise([2, 8, 8], seeds: [0, 1, 2, 3, 4], key: .init(step: 0), on: backend).values()
    for place in [0, 7, 19] {
      let level = fit.levels[place]
      for draw in 0..<count {
        let clean = images.values[draw * 128..<draw * 128 + 128].map(Double.init)
        let x = zip(clean, noise[draw * 128..<draw * 128 + 128]).map { level.alpha * $0 + level.sigma * Double($1) }
        let epsilon = try model.network(
          Tensor(x.map { Float($0) }, shape: [1, 2, 8, 8], on: backend), timesteps: [level.timestep],
          classLabels: classes.map { _ in [Double((images.labels ?? [])[draw])] }
        ).values()
        let gain = level.alpha * 0.2 / (level.alpha * level.alpha * 0.2 + level.sigma * level.sigma)
        let expected = zip(zip(x, epsilon), clean).reduce(0.0) { sum, value in
          let ((x, epsilon), clean) = value
          let own = (x - level.sigma * Double(epsilon)) / level.alpha, linear = 0.1 + gain * (x - level.alpha * 0.1)
          return sum + (linear - clean) * (linear - clean) - (own - clean) * (own - clean)
        }
        #expect(abs(found.differences[place][draw] - expected) < 2e-4 * max(1, abs(expected)))
      }
    }
  }

  @Test("Neither a fit nor statistics, and numbers out of range are errors")
  func faults() throws {
    let backend = try CPUBackend()
    #expect(throws: PipelineError.noFit(model: "small")) {
      try SamplingPipeline(model(statistics: false), settings(steps: 3), on: backend)
    }
    #expect(throws: PipelineError.self) {
      var settings = StartFit.Settings()
      settings.levels = 19
      try settings.check()
    }
    #expect(throws: PipelineError.self) {
      var settings = StartFit.Settings()
      settings.rule.detail = .nan
      try settings.check()
    }
  }

  @Test(
    "Carried models carry a fit to their own weights, which decides the start",
    arguments: ["mnist", "fashion-mnist", "faces"])
  func carried(name: String) throws {
    let model = try Model.pretrained(name), fit = try #require(try model.lateStartFit())
    #expect(fit.curve.source == .data && fit.draws == 512 && fit.statistics == model.statistics?.file?.sha256)
    let scheduler = try model.scheduler(.named(.ddim), .init(), clipSample: true).scheduler
    let choice = try #require(fit.startTime(on: scheduler.schedule).choice(steps: 5, scheduler))
    let found = try #require(try settings(steps: 5).foundStart(for: model, on: CPUBackend()))
    #expect(found.settings.start == .late(timestep: choice.start, kind: .gaussian))
  }

  @Test("A fit to other weights, and a file that is none, are errors that name it")
  func otherWeights() throws {
    let folder = try TemporaryFolder()
    for name in ["config.json", "diffusion_pytorch_model.safetensors"] {
      let file = try #require(PretrainedModel.files("mnist")).open(name)
      defer { withExtendedLifetime(file) {} }
      try OutputFile.write(file.bytes, to: folder.path(name))
    }
    let path = folder.path("late_start.json")
    try OutputFile.write("{}".utf8, to: path)
    func fault() -> FileError? {
      do { _ = try Model(ModelDirectory(folder.url.path)).lateStartFit() } catch { return error as? FileError }
      return nil
    }
    #expect(fault()?.path == path && fault()?.fault.contains("no fit") == true)
    let own = try #require(try Model.pretrained().lateStartFit())
    var other = own
    other.weights = ["diffusion_pytorch_model.safetensors": "0"]
    try OutputFile.write(other.json.text.utf8, to: path)
    #expect(fault()?.path == path && fault()?.fault.contains("other weights") == true)
    try OutputFile.write(own.json.text.utf8, to: path)
    #expect(fault() == nil)
    #expect(try LateStartFit(MappedFile(path)) == own)
  }
}
