import Compute
import Diffusion
import Tensors
import Testing

@Suite("The Gaussian denoiser")
struct GaussianDenoiserTests {
  private let backend = makeTestBackend()

  @Test(
    "the posterior mean is the regression of the clean data on the state",
    arguments: [GaussianTestData.complete, .truncated])
  func regression(data: GaussianTestData) throws {
    let level = NoiseLevel.angle(0.8)
    let gain = data.covariance { variance in
      level.alpha * variance / (level.alpha * level.alpha * variance + level.sigma * level.sigma)
    }
    let x = Tensor.noise([data.dimension], seeds: [1, 2, 3], key: NoiseKey(step: 0), on: backend)
    let prediction = GaussianDenoiser(data.statistics(on: backend)).prediction(x, at: level)
    let (denoised, state) = (try prediction.denoised.values(), try x.values())
    for row in 0..<3 {
      let centred = (0..<data.dimension).map {
        Double(state[row * data.dimension + $0]) - level.alpha * data.mean[$0]
      }
      for i in 0..<data.dimension {
        let expected = zip(gain[i], centred).reduce(data.mean[i]) { $0 + $1.0 * $1.1 }
        #expect(abs(Double(denoised[row * data.dimension + i]) - expected) < 2e-5)
      }
    }
  }

  @Test("pure noise tells nothing: the estimate is the mean")
  func pureNoise() throws {
    let data = GaussianTestData.complete
    let x = Tensor.noise([6], seeds: [5], key: NoiseKey(step: 0), on: backend)
    let level = NoiseLevel(alpha: 0, sigma: 1, timestep: 999)
    let denoised = try GaussianDenoiser(data.statistics(on: backend)).prediction(x, at: level).denoised.values()
    #expect(zip(denoised, data.mean).allSatisfy { abs(Double($0) - $1) < 1e-6 })
  }
}
