import ComputeCPU
import Diffusion
import DiffusersFormat
import Files
import Foundation
import Models
import Networks
import Pipelines
import Tensors
import TestSupport
import Testing

@Suite("Checkpoints of other code are sampled as their authors do where nothing is asked for")
struct ForeignSamplingTests {
  /// The network of a checkpoint, on its scaled inputs: the estimate of clean data from data with noise of a sigma.
  private func denoise(
    _ y: [Double], _ sigma: Double, _ model: Model, _ preconditioning: Preconditioning, _ labels: [Int]?,
    on backend: CPUBackend
  ) throws -> [Double] {
    let of = preconditioning.scalings(at: sigma), shape = try model.sampleShape(nil)
    let input = Tensor(
      y.map { Float(of.input * $0 + of.shift) }, shape: [1, shape.channels, shape.height, shape.width], on: backend)
    let output = try model.network(input, timesteps: [of.time], classLabels: labels?.map(Double.init)).values().map(
      Double.init)
    return zip(y, output).map { of.skip * $0 + of.output * $1 }
  }

  @Test(
    "EDM's files: algorithm 2 of Karras and others (2022) without churn, in 18 steps",
    arguments: ["edm-ncsnpp", "edm-ddpmpp", "edm-skip"])
  func edm(name: String) throws {
    let backend = try CPUBackend(), file = try ForeignNetwork(name), model = try Model(file.path)
    let shape = try model.sampleShape(nil)
    let noise = (0..<shape.count).map { Float(1.3 * sin(1.7 * Double($0)) + 0.4 * cos(0.3 * Double($0))) }
    var settings = SamplingSettings(seeds: [0])
    let labels = model.classCount.map { _ in [1] }
    settings.classes = labels.map(ClassList.labels)
    let pipeline = try SamplingPipeline(
      model, settings, inputs: .init(noise: .init(initial: noise)), on: backend)
    var found: [Float] = [], evaluations = 0
    _ = try pipeline.run {
      found += $0.values
      evaluations = $0.evaluations
    }
    #expect(pipeline.steps == 18 && pipeline.settings.steps == 18 && evaluations == 35)
    #expect(pipeline.schedulerName == "heun")

    guard case .preconditioned(let preconditioning) = pipeline.scheduler.parametrization else {
      Issue.record("\(pipeline.scheduler.parametrization)")
      return
    }
    let scheduler = try #require(model.scheduler).values
    let (low, high) = try (#require(scheduler["sigma_min"]?.double), #require(scheduler["sigma_max"]?.double))
    let sigmas =
      (0..<18).map { place in
        pow(pow(high, 1 / 7) + Double(place) / 17 * (pow(low, 1 / 7) - pow(high, 1 / 7)), 7)
      } + [0]
    var x = noise.map { high * Double($0) }
    for (from, to) in zip(sigmas, sigmas.dropFirst()) {
      let denoised = try denoise(x, from, model, preconditioning, labels, on: backend)
      let slope = zip(x, denoised).map { ($0 - $1) / from }
      var next = zip(x, slope).map { $0 + (to - from) * $1 }
      if to > 0 {
        let second = try denoise(next, to, model, preconditioning, labels, on: backend)
        next = x.indices.map { x[$0] + (to - from) * (slope[$0] + (next[$0] - second[$0]) / to) / 2 }
      }
      x = next
    }
    let scale = x.reduce(0) { max($0, abs($1)) }
    #expect(zip(x, found).allSatisfy { abs($0 - Double($1)) < 1e-4 * scale }, "\(scale)")
  }

  @Test(
    "Consistency models in one step, their teachers by Heun's method in 40, NCSN++ by predictor and corrector",
    arguments: [
      ("consistency", nil, "CMStochasticIterativeScheduler", 1, 1),
      ("consistency", #"{"num_head_channels": 16, "training_mode": "edm"}"#, "heun", 40, 79),
      ("ncsnpp", nil, "ScoreSdeVeScheduler", 10, 20), ("ncsnpp-residual", nil, "ScoreSdeVeScheduler", 10, 20),
    ] as [(String, String?, String, Int, Int)])
  func others(name: String, text: String?, scheduler: String, steps: Int, evaluations: Int) throws {
    let file = try ForeignNetwork(name), backend = try CPUBackend()
    if let text { try OutputFile.write(text.utf8, to: file.settings) }
    let model = try Model(file.path)
    var settings = SamplingSettings(seeds: [5])
    if model.classCount != nil { settings.classes = .labels([1]) }
    settings.size = .init(height: 8, width: 8)
    let pipeline = try SamplingPipeline(model, settings, on: backend)
    #expect(pipeline.schedulerName == scheduler && pipeline.steps == steps)
    var found = 0
    _ = try pipeline.run { found = $0.evaluations }
    #expect(found == evaluations)
  }

  @Test("The number of steps is that of the model's own sampler alone, and one that is none is refused")
  func steps() throws {
    let edm = SchedulerConfiguration([
      "_class_name": .string("EDMEulerScheduler"), "sampler": .string("heun"), "steps": .number(18),
    ])
    #expect(try SamplerName.heun.configuration(for: edm).customarySteps() == 18)
    #expect(try SamplerName.euler.configuration(for: edm).customarySteps() == nil)
    let score = SchedulerConfiguration(["_class_name": .string("ScoreSdeVeScheduler")])
    #expect(try score.customarySteps() == 2000)
    #expect(try SamplerName.heun.configuration(for: score).customarySteps() == nil)
    #expect(try SchedulerConfiguration.ddpm.customarySteps() == nil)
    for steps in [JSONValue.number(0), .number(1.5), .string("many")] {
      let wrong = SchedulerConfiguration(["_class_name": .string("EDMEulerScheduler"), "steps": steps])
      #expect(throws: SchedulerConfigurationError.self) { try wrong.customarySteps() }
    }
  }
}
