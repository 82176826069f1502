import Compute
import Diffusion
import Foundation
import Models
import Networks
import Tensors
import TestSupport
import Testing

@Suite("Networks that predict their variance")
struct LearnedVarianceTests {
  private let shape = [2, 8, 8]
  private let schedule = NoiseSchedule.linear()

  private func denoiser() throws -> NetworkDenoiser {
    NetworkDenoiser(try smallNetwork { $0.outputChannels = 4 }, .epsilon)
  }

  private func noise(on backend: any Backend) -> SeededNoise {
    SeededNoise(seeds: [1, 2, 3], sampleShape: shape, on: backend)
  }

  @Test("A run does not wait for the device", arguments: [DDPMSampler.Variance.learned, .learnedRange])
  func staysOnDevice(variance: DDPMSampler.Variance) throws {
    for (name, base) in try backendsUnderTest() {
      let backend = CountingBackend(base)
      let sampler = DDPMSampler(variance: variance)
      let plan = try TrainingStepGrid(.leading).plan(steps: 5, startingAt: nil, on: schedule, sampler: sampler)
      var run = try SamplingRun(plan, sampler: sampler, denoiser: denoiser(), noise: noise(on: backend))
      let result = try run.finish()
      #expect(backend.waits == 0, "\(name)")
      #expect(try result.values().allSatisfy { $0.isFinite }, "\(name)")
    }
  }

  @Test("The halves of the channels are the prediction and the variance, bit for bit")
  func halves() throws {
    let denoiser = try denoiser(), level = schedule.level(at: 300)
    for (name, backend) in try backendsUnderTest() {
      let x = noise(on: backend).initialNoise()
      let evaluation = try DDPMSampler().evaluate(denoiser, x, at: level)
      let whole = try denoiser.prediction(x, at: level).output.values()
      let size = shape.reduce(1, *)
      for (half, tensor) in [evaluation.prediction.output, try #require(evaluation.variance)].enumerated() {
        let expected = (0..<3).flatMap { (row: Int) -> ArraySlice<Float> in
          let start = (2 * row + half) * size
          return whole[start..<start + size]
        }
        #expect(try tensor.values() == expected && tensor.shape == x.shape, "\(name)")
      }
    }
  }

  @Test(
    "The noise that a step adds is that of the formula in Double",
    arguments: [(900, 899), (500, 400), (20, 0), (1, 0), (20, -1)])
  func deviations(from: Int, to: Int) throws {
    let (high, low) = (schedule.level(at: from), to < 0 ? NoiseLevel.clean : schedule.level(at: to))
    let posterior = Posterior(from: high, to: low)
    for (name, backend) in try backendsUnderTest() {
      let source = noise(on: backend), denoiser = try denoiser()
      let (x, normals) = (source.initialNoise(), source.stepNoise(step: 0, draw: 0))
      let predicted = try #require(DDPMSampler().evaluate(denoiser, x, at: high).variance)
      for variance in [DDPMSampler.Variance.learned, .learnedRange] {
        let expected = try added(posterior, variance, predicted.values(), normals.values())
        let rule = variance == .learned ? ScalingFunction(.squareRoot) : posterior.learnedDeviation
        expectClose(try normals.scaled(by: rule, of: predicted).values(), expected, "\(name), \(variance)")

        // The step itself, whose other terms are those of a step without noise.
        let sampler = DDPMSampler(variance: variance), step = SamplingStep(index: 0, from: high, to: low)
        let silence = RecordedNoise(initial: x, draws: [normals.scaled(by: 0)])
        let states = try [silence, source].map { (noise: any NoiseSource) in
          var state = SamplerState()
          return try sampler.step(x, step, denoiser: denoiser, noise: StepNoise(noise, step: 0), state: &state).x
            .values()
        }
        expectClose(states[1], zip(states[0], expected).map { Double($0) + $1 }, "\(name), \(variance), a step")
      }
    }
  }

  /// The noise of a step in Double, from Nichol and Dhariwal's equation 15 as they write it.
  private func added(
    _ posterior: Posterior, _ variance: DDPMSampler.Variance, _ predicted: [Float], _ normals: [Float]
  ) -> [Double] {
    zip(predicted, normals).map { raw, normal -> Double in
      let fraction = (Double(raw) + 1) / 2
      let logarithm = fraction * log(posterior.beta) + (1 - fraction) * log(posterior.variance)
      let deviation = variance == .learned ? max(0, Double(raw)).squareRoot() : exp(0.5 * logarithm)
      return deviation * Double(normal)
    }
  }

  private func expectClose(_ values: [Float], _ expected: [Double], _ comment: String) {
    let largest = expected.reduce(0) { max($0, abs($1)) }
    let worst = zip(values, expected).map { abs(Double($0) - $1) }.max() ?? .infinity
    #expect(values.count == expected.count && worst <= 1e-6 * largest, "\(comment): \(worst / largest)")
  }
}
