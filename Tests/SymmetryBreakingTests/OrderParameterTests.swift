import Diffusion
import Foundation
import SymmetryBreaking
import Tensors
import Testing

@Suite("The order parameter averaged over noise")
struct OrderParameterTests {
  private func level(_ theta: Double) -> NoiseLevel { NoiseLevel(alphaBar: theta * theta, timestep: 0) }

  private func settings(draws: Int, set: Int = 0) -> OrderParameter.Settings {
    var settings = OrderParameter.Settings()
    (settings.draws, settings.set, settings.relativeLength, settings.batch) = (draws, set, 0.02, 4096)
    return settings
  }

  /// `M = theta^2 / sigma^2 E sech^2(theta z / sigma)`, by SciPy's `quad`; the reference is Gaussian data of variance 1.
  @Test(
    "Two points have the multiplier of the quadrature, within three standard errors of the draws",
    arguments: [(0.6436, 0.4722, 0.4142), (0.8, 0.8907, 0.64), (0.9, 1.5136, 0.81)])
  func twoPoints(theta: Double, expected: Double, gaussian: Double) throws {
    let backend = try makeTestBackend(), denoiser = PointMixture.twoPoints.denoiser(on: backend)
    let found = try (0..<8).map { set in
      let parameter = OrderParameter(denoiser, rowShape: [1], settings(draws: 4096, set: set), on: backend)
      return try #require(try parameter.multipliers(at: [0], level(theta), from: [1]).first).value
    }
    let mean = found.reduce(0, +) / 8
    let error = (found.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 7 / 8).squareRoot()
    // The expected values have four digits.
    #expect(abs(mean - expected) < 3 * error + 1e-4, "\(mean) +- \(error)")
    #expect(error < 0.01 * expected)
    #expect(abs(gaussianMultiplier(ofVariance: 1, at: level(theta)) - gaussian) < 5e-5)
  }

  @Test("A Gaussian has g l / (1 + g l) exactly, along its principal directions and in their order")
  func gaussian() throws {
    let backend = try makeTestBackend(), variances = [9.0, 4, 1, 0.25]
    // A rotation of the plane of the first two axes.
    let (c, s) = (Float(0.8), Float(0.6))
    let basis: [Float] = [c, s, 0, 0, -s, c, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]
    let statistics = GaussianStatistics(
      mean: [1, -2, 0.5, 0], basis: basis, eigenvalues: variances, remainder: 0, on: backend)
    // The estimate is linear: any length gives its slope, and two draws suffice.
    var settings = OrderParameter.Settings()
    settings.draws = 2
    let parameter = OrderParameter(GaussianDenoiser(statistics), rowShape: [4], settings, on: backend)
    for theta in [0.1, 0.5, 0.9] {
      let level = level(theta)
      let found = try parameter.multipliers(at: [1, -2, 0.5, 0], level, from: [1, 1, 1, 1])
      #expect(found.count == 3)
      for (place, multiplier) in found.enumerated() {
        #expect(abs(multiplier.value - gaussianMultiplier(ofVariance: variances[place], at: level)) < 1e-5)
        #expect(multiplier.overlap(with: basis[4 * place..<4 * place + 4].map(Double.init)) > 0.9999)
      }
    }
  }

  @Test("The mean of a Gaussian is a fixed point, and is found from elsewhere")
  func gaussianFixedPoint() throws {
    let backend = try makeTestBackend()
    let statistics = GaussianStatistics(
      mean: [1, -2], basis: [1, 0], eigenvalues: [9], remainder: 1, on: backend)
    var settings = OrderParameter.Settings()
    settings.draws = 2
    let parameter = OrderParameter(GaussianDenoiser(statistics), rowShape: [2], settings, on: backend)
    // Multipliers .97 and .76: Picard's iteration alone needs hundreds of steps.
    let found = try parameter.fixedPoint(from: [0, 0], level(0.87), tolerance: 1e-6)
    #expect(found.residual < 1e-6 && found.newtonSteps > 0)
    #expect(abs(found.point[0] - 1) < 1e-4 && abs(found.point[1] + 2) < 1e-4)
    let picard = try parameter.fixedPoint(from: [0, 0], level(0.87), newton: 0)
    #expect(picard.newtonSteps == 0 && picard.residual > 0.02)
  }

  /// With shares .8 and .2 the mean is no fixed point of symmetry: the root of `y = E_z tanh(theta^2 y / s^2 + theta z / s + atanh .6)`.
  @Test("Two points of unequal weight: the fixed point is the mean, which the average estimate keeps")
  func unequalPoints() throws {
    let backend = try makeTestBackend(), denoiser = UnequalPoints().denoiser(on: backend)
    let parameter = OrderParameter(denoiser, rowShape: [1], settings(draws: 8192), on: backend)
    let found = try parameter.fixedPoint(from: [0.6], level(0.3), tolerance: 1e-6)
    #expect(found.residual < 1e-6)
    // Averaged over noise around alpha y, not over the data's own states: near the mean, and not on it.
    #expect(abs(found.point[0] - 0.6) < 0.05)
    let evaluations = CountingDenoiser(denoiser)
    let counted = OrderParameter(evaluations, rowShape: [1], settings(draws: 2), on: backend)
    _ = try counted.multipliers(at: [0], level(0.3), from: [1])
    #expect(counted.evaluationsPerMultiplier == 4 && evaluations.evaluations == 4)
  }

  @Test("Work ends where the caller throws")
  func stops() throws {
    struct Stop: Error {}
    let backend = try makeTestBackend()
    var parameter = OrderParameter(
      PointMixture.twoPoints.denoiser(on: backend), rowShape: [1], settings(draws: 2), on: backend)
    parameter.willEvaluate = { _ in throw Stop() }
    #expect(throws: Stop.self) { try parameter.denoisedMean(at: [0], level(0.5)) }
  }
}
