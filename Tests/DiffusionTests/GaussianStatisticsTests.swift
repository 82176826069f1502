import Diffusion
import Foundation
import Testing

@Suite("Gaussian statistics")
struct GaussianStatisticsTests {
  @Test("the divergence in one dimension is the integral that defines it")
  func divergenceIntegral() {
    let statistics = GaussianStatistics(
      mean: [0.7], basis: [1], eigenvalues: [3], remainder: 0, on: makeTestBackend())
    let level = NoiseLevel.angle(0.9)
    let (mean, variance) = (level.alpha * 0.7, 3 * level.alpha * level.alpha + level.sigma * level.sigma)
    let (width, peak) = (0.001, 1 / (2 * Double.pi * variance).squareRoot())
    var integral = 0.0
    for x in stride(from: -20.0, to: 20, by: width) {
      let exponent = -(x - mean) * (x - mean) / (2 * variance)
      let logRatio = exponent - log(variance) / 2 + x * x / 2
      integral += peak * exp(exponent) * logRatio * width
    }
    #expect(abs(statistics.divergence(at: level) - integral) < 1e-6)
  }

  @Test("the divergence counts the directions outside a truncated basis")
  func divergenceOfTruncatedBasis() {
    let backend = makeTestBackend()
    let data = GaussianTestData.truncated
    let identity = (0..<12).flatMap { i in (0..<12).map { Float(i == $0 ? 1 : 0) } }
    let complete = GaussianStatistics(
      mean: data.mean.map { Float($0) }, basis: identity,
      eigenvalues: data.eigenvalues + [Double](repeating: data.remainder, count: 9), remainder: 0, on: backend)
    let truncated = data.statistics(on: backend)
    for angle in [0.3, 0.9, 1.5] {
      let (one, other) = (truncated.divergence(at: .angle(angle)), complete.divergence(at: .angle(angle)))
      #expect(abs(one - other) < 1e-12 * other)
    }
  }

  @Test("the divergence falls to zero with the signal")
  func divergenceVanishes() {
    let statistics = GaussianTestData.complete.statistics(on: makeTestBackend())
    let values = [0.5, 1.0, 1.3, 1.5, 1.57].map { statistics.divergence(at: .angle($0)) }
    #expect(zip(values, values.dropFirst()).allSatisfy { $0 > $1 })
    #expect(statistics.divergence(at: .angle(Double.pi / 2)) < 1e-12)
  }
}
