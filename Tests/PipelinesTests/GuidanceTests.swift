import Compute
import ComputeCPU
import Diffusion
import Models
import Networks
import Pipelines
import Pretrained
import Tensors
import Testing

@Suite("Guidance without a classifier")
struct GuidanceTests {
  private let shape = [2, 8, 8]

  private func network() throws -> UNet {
    try smallNetwork {
      $0.classEmbedding = .table
      $0.classCount = 4
    }
  }

  @Test("A prediction counts for two evaluations", arguments: [(SamplerName.ddim, 3), (.heun, 5)])
  func evaluations(name: SamplerName, predictions: Int) throws {
    let backend = try CPUBackend(), network = try network()
    for (guidance, factor) in [(1.0, 1), (2.5, 2)] {
      let denoiser = NetworkDenoiser(network, .epsilon, classLabels: [1], guidance: guidance)
      let scheduler = try name.scheduler()
      let noise = SeededNoise(seeds: [1, 2], sampleShape: shape, on: backend)
      var run = try SamplingRun(
        scheduler.plan(steps: 3), sampler: scheduler.sampler, denoiser: denoiser, noise: noise)
      _ = try run.finish()
      #expect(run.evaluations == factor * predictions)
    }
  }

  @Test("One batch gives what an evaluation with the class and one without it give", arguments: [[2.0], [0, 2, 1]])
  func combination(labels: [Double]) throws {
    let network = try network(), level = NoiseSchedule.linear().level(at: 400)
    for (name, backend) in try backendsUnderTest() {
      let x = Tensor.noise(shape, seeds: [1, 2, 3], key: .init(step: 0), on: backend)
      let guided = try NetworkDenoiser(network, .epsilon, classLabels: labels, guidance: 2.5).prediction(x, at: level)
      let conditional = try network(x, timesteps: [400], classLabels: labels).values()
      let unconditional = try network(x, timesteps: [400], classLabels: [3]).values()
      let expected = zip(conditional, unconditional).map { 2.5 * Double($0) - 1.5 * Double($1) }
      let largest = expected.reduce(0) { max($0, abs($1)) }
      let errors = zip(try guided.output.values(), expected).map { abs(Double($0) - $1) / largest }
      let worst = errors.max() ?? .infinity
      #expect(worst <= 1e-5, "\(name): \(worst)")
      #expect(zip(conditional, unconditional).contains { abs($0 - $1) > 0.01 })
    }
  }

  @Test(
    "Outside of its interval the conditional prediction stands alone, for one evaluation", arguments: [[2], [0, 2, 1]])
  func interval(labels: [Int]) throws {
    let network = try network(), steps = 5, guidance = 2.5, guided = 200...600
    for (name, backend) in try backendsUnderTest() {
      var settings = SamplingSettings(seeds: [1, 2, 3])
      (settings.sampler, settings.steps, settings.clipSample) = (.named(.ddim), steps, false)
      (settings.classes, settings.guidance, settings.guidanceInterval) = (.labels(labels), guidance, guided)
      let model = Model(name: "small", network: network, scheduler: nil)
      var found: [Float] = []
      let summary = try SamplingPipeline(model, settings, on: backend).run { found += $0.values }
      // 800, 600, 400, 200 and 0 are visited, three of them with guidance.
      #expect(summary.evaluations == 2 + 2 * 3)
      let expected = try byHand(labels, settings, backend)
      let worst = zip(found, expected).map { abs(Double($0) - $1) }.max() ?? .infinity
      #expect(worst < 1e-4 * (expected.map(abs).max() ?? 0), "\(name): \(worst)")
      settings.guidanceInterval = nil
      #expect(try SamplingPipeline(model, settings, on: backend).run { _ in }.evaluations == 10)
    }
  }

  /// DDIM's equations on the host, over evaluations of the network one class at a time.
  private func byHand(_ labels: [Int], _ settings: SamplingSettings, _ backend: any Backend) throws -> [Double] {
    let network = try network(), schedule = NoiseSchedule.linear()
    var x = try Tensor.noise(shape, seeds: settings.seeds, key: .init(step: 0), on: backend).values().map(Double.init)
    for timestep in [800, 600, 400, 200, 0] {
      let state = Tensor(x.map { Float($0) }, shape: [settings.seeds.count] + shape, on: backend)
      let classes = settings.seeds.indices.map { Double(labels[$0 % labels.count]) }
      var epsilon = try network(state, timesteps: [Double(timestep)], classLabels: classes).values().map(Double.init)
      if settings.guidanceInterval?.contains(timestep) == true {
        let free = try network(state, timesteps: [Double(timestep)], classLabels: [3]).values()
        epsilon = zip(epsilon, free).map { Double($1) + settings.guidance * ($0 - Double($1)) }
      }
      let now = schedule.level(at: timestep), next = timestep > 0 ? schedule.level(at: timestep - 200) : .clean
      x = zip(x, epsilon).map { next.alpha * ($0 - now.sigma * $1) / now.alpha + next.sigma * $1 }
    }
    return x
  }

  @Test("Labels of another number than the samples are an error of the network")
  func labelCount() throws {
    let x = Tensor.noise(shape, seeds: [1, 2, 3], key: .init(step: 0), on: try CPUBackend())
    let network = try network(), level = NoiseSchedule.linear().level(at: 400)
    for labels: [Double]? in [nil, [1, 2]] {
      let denoiser = NetworkDenoiser(network, .epsilon, classLabels: labels, guidance: 2)
      #expect(throws: NetworkError.self) { try denoiser.prediction(x, at: level) }
    }
  }

  @Test("What a plan allows under guidance stays within the budget in truth", arguments: [30_000_000, 50_000_000])
  func memory(bytes: Int) throws {
    let backend = try CPUBackend(options: .init(memoryBudget: bytes))
    var settings = SamplingSettings(seeds: Array(0..<16))
    (settings.sampler, settings.steps) = (.named(.ddim), 1)
    (settings.classLabel, settings.guidance) = (1, 2)
    let pipeline = try SamplingPipeline(Model.pretrained("faces"), settings, on: backend)
    #expect((1..<16).contains(pipeline.batch))
    let summary = try pipeline.run { _ in }
    #expect(summary.images == 16 && summary.evaluations == 2)
    #expect(backend.memoryUse.peak <= bytes)
  }
}
