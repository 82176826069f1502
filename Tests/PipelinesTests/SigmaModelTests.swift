import Compute
import ComputeCPU
import Conformance
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
import SymmetryBreaking
import Tensors
import TestSupport
import Testing

/// Networks of unscaled data from configuration to samples, and their likelihoods.
@Suite("Networks of unscaled data")
struct SigmaModelTests {
  static let configurations: [[String: JSONValue]] = [
    ["_class_name": .string("EDMEulerScheduler")],
    ["_class_name": .string("EDMEulerScheduler"), "preconditioning": .string("vp"), "sampler": .string("heun")],
    ["_class_name": .string("EDMEulerScheduler"), "preconditioning": .string("iddpm"), "sampler": .string("heun")],
    ["_class_name": .string("EDMDPMSolverMultistepScheduler"), "preconditioning": .string("ve")],
    ["_class_name": .string("ScoreSdeVeScheduler"), "num_train_timesteps": .number(400)],
    ["_class_name": .string("CMStochasticIterativeScheduler")],
  ]

  private let shape = ImageShape(channels: 2, height: 8, width: 8)

  private func model(_ values: [String: JSONValue], _ change: (inout UNetConfiguration) -> Void = { _ in }) throws
    -> Model
  {
    let moments = Moments(count: 2, mean: .init(repeating: 0.1, count: 128), basis: [], eigenvalues: [], remainder: 0.2)
    return Model(
      name: "small", network: try smallNetwork(change), scheduler: SchedulerConfiguration(values),
      statistics: ImageStatistics(shape: shape, moments: moments))
  }

  private func samples(_ model: Model, _ settings: SamplingSettings, on backend: any Backend) throws -> [Float] {
    var values: [Float] = []
    _ = try SamplingPipeline(model, settings, on: backend).run { values += $0.values }
    return values
  }

  @Test("A sample is the same alone and in a batch, from the prior and late", arguments: configurations)
  func batches(values: [String: JSONValue]) throws {
    let backend = try CPUBackend()
    let model = try model(values)
    for start in [RunStart.prior, .late(timestep: 25, kind: .gaussian), .late(timestep: 25, kind: .flow)] {
      var settings = SamplingSettings(seeds: [3, 8, 11])
      (settings.steps, settings.start) = (4, start)
      let together = try samples(model, settings, on: backend)
      settings.seeds = [8]
      let alone = try samples(model, settings, on: backend), scale = alone.map { abs($0) }.max() ?? 1
      #expect(zip(alone, together[128..<256]).allSatisfy { abs($0 - $1) < 1e-5 * scale })
      #expect(alone.allSatisfy { $0.isFinite })
    }
  }

  @Test("The network is given its scaled input and its own time", arguments: configurations)
  func evaluation(values: [String: JSONValue]) throws {
    let backend = try CPUBackend(), model = try model(values), scheduler = try Scheduler(SchedulerConfiguration(values))
    let level = scheduler.schedule.level(at: 20), sigma = level.karrasSigma
    let x = Tensor((0..<128).map { sin(Float($0)) }, shape: [1, 2, 8, 8], on: backend)
    let denoiser = model.denoiser(.init(), scheduler.parametrization, on: backend)
    guard case .preconditioned(let preconditioning) = scheduler.parametrization else {
      Issue.record("\(scheduler.parametrization)")
      return
    }
    let of = preconditioning.scalings(at: sigma)
    let unscaled = try x.values().map { Double($0) / level.alpha }
    let input = unscaled.map { Float(of.input * $0 + of.shift) }
    let output = try model.network(Tensor(input, shape: x.shape, on: backend), timesteps: [of.time]).values()
    let found = try denoiser.prediction(x, at: level).denoised.values()
    for ((y, f), value) in zip(zip(unscaled, output), found) {
      let exact = of.skip * y + of.output * Double(f)
      #expect(abs(exact - Double(value)) < 1e-5 * (1 + abs(exact)) * (1 + sigma))
    }
  }

  @Test("Every sampler by name draws from them, but from a consistency model only its own", arguments: configurations)
  func names(values: [String: JSONValue]) throws {
    let backend = try CPUBackend(), model = try model(values)
    for name in SamplerName.allCases {
      var settings = SamplingSettings(seeds: [3])
      (settings.steps, settings.sampler) = (5, .named(name))
      if values["_class_name"]?.string == "CMStochasticIterativeScheduler" {
        #expect(throws: SchedulerConfigurationError.self) { try SamplingPipeline(model, settings, on: backend) }
      } else {
        #expect(try samples(model, settings, on: backend).allSatisfy { $0.isFinite }, "\(name)")
        #expect(try SamplingPipeline(model, settings, on: backend).schedulerName == name.rawValue)
      }
    }
  }

  @Test("Schedulers of other inputs are refused, and of the same take the network's keys")
  func otherSchedulers() throws {
    let backend = try CPUBackend(), model = try model(Self.configurations[1])
    var settings = SamplingSettings(seeds: [3])
    settings.steps = 3
    for name in ["DDPMScheduler", "EulerDiscreteScheduler", "ScoreSdeVeScheduler", "CMStochasticIterativeScheduler"] {
      settings.sampler = .configuration(SchedulerConfiguration(["_class_name": .string(name)]))
      #expect(throws: SchedulerConfigurationError.self) { try SamplingPipeline(model, settings, on: backend) }
    }
    settings.sampler = .configuration(
      SchedulerConfiguration(["_class_name": .string("EDMDPMSolverMultistepScheduler")]))
    #expect(
      try SamplingPipeline(model, settings, on: backend).scheduler.parametrization
        == .preconditioned(Preconditioning(.variancePreserving())))
  }

  @Test("Starts are fitted to their denoising errors")
  func fit() throws {
    let backend = try CPUBackend()
    var settings = StartFit.Settings()
    settings.images = 16
    let fit = try StartFit(try model(Self.configurations[0]), settings, images: nil, on: backend)
    let found = try #require(try fit.run())
    #expect(found.curve.levels.count == fit.levels.count && found.curve.levels.allSatisfy { $0.linearError.isFinite })
  }

  @Test("Derivatives of whole denoisers are differences, whatever the network's wrapper")
  func derivatives() throws {
    let oracle = ReferenceBackend()
    let networks: [(UNetConfiguration.TimeEmbedding, channels: Int, scheduler: Int)] = [
      (.positional, 2, 0), (.positional, 4, 1), (.fourier, 2, 4),
    ]
    for (time, channels, place) in networks {
      let model = try model(Self.configurations[place]) { ($0.timeEmbedding, $0.outputChannels) = (time, channels) }
      let scheduler = try Scheduler(SchedulerConfiguration(Self.configurations[place]))
      let level = scheduler.schedule.level(at: scheduler.schedule.count / 2)
      let denoiser = try #require(
        model.denoiser(.init(), scheduler.parametrization, on: oracle) as? any DifferentiableDenoiser)
      let wave = { (scale: Float) in (0..<128).map { (sin(scale * Float($0)) * 256).rounded() / 256 } }
      let (x, v, direction) = (wave(1), wave(2.3), wave(0.7))
      let make = { (values: [Float]) in Tensor(values, shape: [1, 2, 8, 8], on: oracle) }
      let pulled = oracle.exactValues(
        of: try denoiser.differentiablePrediction(make(x), at: level).denoisedPullback(of: make(v)).buffer)
      let sides = try [1, -1].map { (side: Float) in
        let evaluated = try denoiser.differentiablePrediction(
          make(zip(x, direction).map { $0 + side * 0x1p-13 * $1 }), at: level)
        let output = oracle.exactValues(of: evaluated.prediction.denoised.buffer)
        return zip(output, v).reduce(0.0) { $0 + $1.0 * Double($1.1) }
      }
      let difference = (sides[0] - sides[1]) / 0x1p-12
      let product = zip(pulled, direction).reduce(0.0) { $0 + $1.0 * Double($1.1) }
      #expect(abs(difference - product) < 1e-3 * max(1, abs(product)), "\(difference), \(product)")
    }
  }
}

@Suite("Likelihoods of images")
struct LikelihoodRunTests {
  private let shape = ImageShape(channels: 1, height: 2, width: 3)

  private func world(variance: Double) -> ExactWorld {
    let moments = Moments(
      count: 9, mean: .init(repeating: 0, count: 6), basis: [], eigenvalues: [], remainder: variance)
    return ExactWorld(name: "a Gaussian", .gaussian(ImageStatistics(shape: shape, moments: moments)))
  }

  private func images(_ values: [Float], of model: any DiffusionModel) throws -> StartFit.Images {
    try StartFit.Images(of: Values(values, shape), count: 100, for: model, shape, least: 1)
  }

  @Test("Of values between bytes it is the density, of bytes that of the byte's steps")
  func densities() throws {
    let backend = try CPUBackend(), variance = 0.3, model = world(variance: variance)
    let values: [Float] = (0..<18).map { 0.1 * Float($0 % 7) - 0.3 }
    let found = try LikelihoodRun(model, .init(), images: images(values, of: model), on: backend).run()
    #expect(!found.isOfBytes && found.logDensities.count == 3 && !found.wasStopped)
    for (place, bits) in found.bitsPerDimension.enumerated() {
      let squares = values[6 * place..<6 * place + 6].reduce(0.0) { $0 + Double($1) * Double($1) }
      let exact = (squares / (2 * variance) / 6 + 0.5 * log(2 * Double.pi * variance)) / log(2)
      #expect(abs(bits - exact) < 1e-3)
    }
    // Bytes near the middle, where the density hardly changes within a step: the probability of a byte is density / 128.
    let bytes: [Float] = (0..<12).map { Float(120 + $0) / 127.5 - 1 }
    let ofBytes = try LikelihoodRun(model, .init(), images: images(bytes, of: model), on: backend).run()
    #expect(ofBytes.isOfBytes)
    let flat = (0.5 * log(2 * Double.pi * variance) + log(128)) / log(2)
    #expect(ofBytes.bitsPerDimension.allSatisfy { abs($0 - flat) < 0.01 })
    var settings = LikelihoodRun.Settings()
    settings.dequantizes = false
    let plain = try LikelihoodRun(model, settings, images: images(bytes, of: model), on: backend).run()
    #expect(!plain.isOfBytes && abs(plain.mean.bits - (flat - 7)) < 0.01)
  }

  @Test("A network's is the same again, near its own in another batch, and a stop keeps what is finished")
  func networks() throws {
    let backend = try CPUBackend()
    let model = Model(
      name: "small", network: try smallNetwork { _ in },
      scheduler: SchedulerConfiguration(["_class_name": .string("EDMEulerScheduler")]))
    let shape = ImageShape(channels: 2, height: 8, width: 8)
    let values = (0..<3 * 128).map { Float(0.5 * sin(Double($0))) }
    let images = try StartFit.Images(of: Values(values, shape), count: 3, for: model, shape, least: 1)
    var settings = LikelihoodRun.Settings()
    settings.tolerance = 1e-4
    let all = try LikelihoodRun(model, settings, images: images, on: backend).run()
    #expect(try LikelihoodRun(model, settings, images: images, on: backend).run() == all)
    settings.batch = 1
    let alone = try LikelihoodRun(model, settings, images: images, on: backend).run()
    #expect(zip(all.bitsPerDimension, alone.bitsPerDimension).allSatisfy { abs($0 - $1) < 1e-3 })
    var done = 0.0
    let stopped = try LikelihoodRun(model, settings, images: images, on: backend).run(
      shouldStop: { done > 1.2 }, progress: { done = $0 })
    #expect(stopped.wasStopped && stopped.logDensities == Array(alone.logDensities[..<1]))
  }

  @Test("A model without derivatives is refused, and so are settings out of range")
  func refusals() throws {
    let backend = try CPUBackend()
    let sphere = ExactWorld(name: "sphere", .hypersphere(.init(dimension: 6, radius: 1)))
    let line = ImageShape(channels: 1, height: 1, width: 6)
    let images = try StartFit.Images(
      of: Values(.init(repeating: 0.1, count: 6), line), count: 1, for: sphere, line, least: 1)
    #expect(throws: PipelineError.noDerivatives(model: "sphere")) {
      try LikelihoodRun(sphere, .init(), images: images, on: backend)
    }
    for change in [
      { $0.tolerance = 0 }, { $0.trace = .estimated(probes: 0) }, { $0.batch = 0 },
    ] as [(inout LikelihoodRun.Settings) -> Void] {
      var settings = LikelihoodRun.Settings()
      change(&settings)
      #expect(throws: PipelineError.self) { try settings.check() }
    }
  }
}

/// Images of given values.
private final class Values: ImageSource {
  let path = "values"
  let shape: ImageShape
  private let values: [Float]
  private var place = 0

  init(_ values: [Float], _ shape: ImageShape) {
    self.values = values
    self.shape = shape
  }

  var count: Int { values.count / shape.count }

  func next(_ wanted: Int) -> [Float] {
    let end = min(place + wanted, count)
    defer { place = end }
    return Array(values[place * shape.count..<end * shape.count])
  }
}
