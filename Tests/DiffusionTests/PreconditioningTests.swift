import Conformance
import Diffusion
import Foundation
import Tensors
import Testing

@Suite("Preconditioning")
struct PreconditioningTests {
  static let forms: [Preconditioning.Form] = [
    .edm(dataDeviation: 0.5), .edm(dataDeviation: 0.7, negatesOutput: true),
    .consistency(dataDeviation: 0.5, smallestSigma: 0.002), .variancePreserving(), .varianceExploding,
    .improved(sigmas: Preconditioning.improvedSigmas()), .score(), .score(isUnitRange: false),
  ]

  @Test("Data and noise of a prediction make up the state", arguments: forms)
  func consistency(form: Preconditioning.Form) throws {
    let backend = ReferenceBackend()
    let x = Tensor([0.3, -1.2, 0.8], shape: [1, 3], on: backend)
    let output = Tensor([-0.4, 0.9, 0.1], shape: [1, 3], on: backend)
    for sigma in [0.004, 0.1, 1, 20, 79] {
      let level = NoiseLevel(karrasSigma: sigma, timestep: 0)
      let prediction = Prediction(
        x: x, level: level, output: output, parametrization: .preconditioned(Preconditioning(form)))
      let whole = Tensor.combination([(level.alpha, prediction.denoised), (level.sigma, prediction.noise)])
      for (sum, value) in zip(try whole.values(), try x.values()) {
        #expect(abs(sum - value) < 1e-6 * (1 + abs(value)))
      }
    }
  }

  @Test("A network of unit outputs sees unit inputs and is asked for unit outputs, as Karras and others derive it")
  func unitVariances() {
    let scalings = { (sigma: Double) in Preconditioning(.edm(dataDeviation: 0.5)).scalings(at: sigma) }
    for sigma in [0.002, 0.3, 4, 80] {
      let of = scalings(sigma), variance = 0.25 + sigma * sigma
      #expect(abs(of.input * of.input * variance - 1) < 1e-12)
      // The target (x0 - c_skip x) / c_out has variance one.
      let target = ((1 - of.skip) * (1 - of.skip) * 0.25 + of.skip * of.skip * sigma * sigma) / (of.output * of.output)
      #expect(abs(target - 1) < 1e-9 && abs(of.time - log(sigma) / 4) < 1e-12 && abs(of.skip + of.rest - 1) < 1e-12)
    }
  }

  @Test("A consistency model is the identity at its smallest sigma")
  func boundary() {
    let of = Preconditioning(.consistency(dataDeviation: 0.5, smallestSigma: 0.002), timeScale: 250).scalings(at: 0.002)
    #expect(of.skip == 1 && of.output == 0 && abs(of.time - 250 * log(0.002)) < 1e-9)
  }

  @Test("The variance-preserving time is the inverse of its sigma")
  func preservingTime() {
    for time in [1e-5, 0.3, 1] {
      let sigma = Preconditioning.preservingSigma(at: time)
      #expect(abs(Preconditioning(.variancePreserving()).scalings(at: sigma).time / 999 - time) < 1e-9)
    }
  }

  @Test("The chain's networks are asked at the training step of the nearest sigma")
  func improvedSteps() {
    let sigmas = Preconditioning.improvedSigmas(), preconditioning = Preconditioning(.improved(sigmas: sigmas))
    #expect(sigmas.count == 1000 && zip(sigmas, sigmas.dropFirst()).allSatisfy(<))
    for step in [0, 1, 500, 999] {
      #expect(preconditioning.scalings(at: sigmas[step] * 1.0001).time == Double(step))
    }
  }

  @Test("A network of data in 0...1 is a denoiser of data in -1...1")
  func unitRange() {
    // The score of y = (x + 1) / 2 of Gaussian data of mean 0.3 and variance 0.04 gives the posterior mean of x.
    for sigma in [0.02, 0.5, 30] {
      let of = Preconditioning(.score()).scalings(at: sigma), x = 0.9
      let y = of.input * x + of.shift
      #expect(abs(y - 0.95) < 1e-12 && abs(of.time - sigma / 2) < 1e-12)
      let score = -(y - 0.3) / (0.04 + of.time * of.time)
      let mean = 2 * 0.3 - 1, variance = 4 * 0.04
      let exact = mean + variance / (variance + sigma * sigma) * (x - mean)
      #expect(abs(of.skip * x + of.output * score - exact) < 1e-9)
    }
  }
}
