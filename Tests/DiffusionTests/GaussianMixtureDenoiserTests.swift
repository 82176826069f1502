import Compute
import Diffusion
import Foundation
import Tensors
import Testing

@Suite("The Gaussian mixture denoiser")
struct GaussianMixtureDenoiserTests {
  private let backend = makeTestBackend()

  @Test("the posterior mean is the sum over components that defines it", arguments: [0.0, 0.3])
  func definition(variance: Double) throws {
    let centres: [[Double]] = [[1, -0.5], [-2, 0.25], [0.5, 3]]
    let weights = [0.2, 0.5, 0.3]
    let denoiser = GaussianMixtureDenoiser(
      centres: centres.flatMap { $0 }.map { Float($0) }, weights: weights, dimension: 2, variance: variance,
      on: backend)
    let states: [[Double]] = [[0.25, 0.5], [-1, 2], [3, -3]]
    for angle in [0.2, 0.9, 1.5] {
      let level = NoiseLevel.angle(angle)
      let spread = level.sigma * level.sigma + level.alpha * level.alpha * variance
      let x = Tensor(states.flatMap { $0 }.map { Float($0) }, shape: [3, 2], on: backend)
      let denoised = try denoiser.prediction(x, at: level).denoised.values()
      for (row, state) in states.enumerated() {
        let masses = zip(centres, weights).map { centre, weight in
          let square = zip(state, centre).reduce(0) { $0 + pow($1.0 - level.alpha * $1.1, 2) }
          return weight * exp(-square / (2 * spread))
        }
        for i in 0..<2 {
          let expected = zip(centres, masses).reduce(0) { sum, component in
            let (centre, mass) = (component.0[i], component.1)
            return sum + mass * (centre + level.alpha * variance / spread * (state[i] - level.alpha * centre))
          }
          let difference = Double(denoised[row * 2 + i]) - expected / masses.reduce(0, +)
          #expect(abs(difference) < 2e-5, "angle \(angle), row \(row)")
        }
      }
    }
  }

  @Test("one component is a Gaussian")
  func oneComponent() throws {
    let mixture = GaussianMixtureDenoiser(centres: [0.5, -1], dimension: 2, variance: 0.7, on: backend)
    let gaussian = GaussianDenoiser(
      GaussianStatistics(mean: [0.5, -1], basis: [1, 0], eigenvalues: [0.7], remainder: 0.7, on: backend))
    let x = Tensor.noise([2], seeds: [1, 2, 3], key: NoiseKey(step: 0), on: backend)
    let level = NoiseLevel.angle(0.7)
    let (one, other) = (mixture.prediction(x, at: level), gaussian.prediction(x, at: level))
    #expect(zip(try one.denoised.values(), try other.denoised.values()).allSatisfy { abs($0 - $1) < 1e-6 })
  }

  @Test("almost without noise, a data set attracts each state to its nearest member")
  func nearestMember() throws {
    let denoiser = GaussianMixtureDenoiser(centres: [10, 10, -10, 10, 0, -10], dimension: 2, on: backend)
    let x = Tensor([9, 9.5, -11, 8, 1, -9, 30, 31], shape: [4, 1, 1, 2], on: backend)
    let prediction = denoiser.prediction(x, at: .angle(0.01))
    #expect(prediction.output.shape == [4, 1, 1, 2])
    let expected: [Float] = [10, 10, -10, 10, 0, -10, 10, 10]
    #expect(zip(try prediction.denoised.values(), expected).allSatisfy { abs($0 - $1) < 1e-4 })
  }
}
