import Diffusion
import Foundation
import SymmetryBreaking
import Tensors
import Testing

@Suite("Two points")
struct TwoPointModelTests {
  private let model = TwoPointModel()

  @Test("the centre loses its stability at the root of sqrt 2 minus 1")
  func criticalTheta() {
    #expect(abs(model.criticalTheta - (2.0.squareRoot() - 1).squareRoot()) < 1e-12)
    #expect(abs(model.criticalTheta - 0.6435943) < 1e-7)
  }

  @Test("the paper's clock reaches the critical point at .29264, between steps 292 and 293 of a thousand")
  func criticalTime() {
    let clock = VariancePreservingClock()
    let time = clock.time(ofTheta: model.criticalTheta)
    #expect(abs(time - 0.29264) < 5e-6)
    #expect(abs(clock.theta(at: time) - model.criticalTheta) < 1e-14)
    #expect(abs(clock.beta(at: time) - 5.93) < 0.01)
    #expect(abs(clock.theta(at: 0.293) - 0.642911) < 1e-6)
    #expect(abs(-log(model.criticalTheta) - asinh(1) / 2) < 1e-12)
  }

  @Test("derivatives of the potential are the score and the curvature", arguments: [0.1, 0.5, 0.6435943, 0.8, 0.95])
  func derivatives(theta: Double) {
    let step = 1e-4
    let potential = { model.potential($0, theta: theta) }
    for x in [-1.5, -0.3, 0.05, 0.9] {
      let slope = (potential(x + step) - potential(x - step)) / (2 * step)
      #expect(abs(slope - (-x / 2 - model.score(x, theta: theta))) < 1e-4)
    }
    let second = (potential(step) - 2 * potential(0) + potential(-step)) / (step * step)
    #expect(abs(second - model.curvature(theta: theta)) < 1e-3 * max(1, abs(second)))
  }

  @Test("the stable branch is the paper's pitchfork")
  func pitchfork() {
    let table = [
      (0.65, 0.261055), (0.70, 0.699174), (0.75, 0.866329), (0.80, 0.947039), (0.85, 0.982138), (0.90, 0.994314),
      (0.95, 0.998686),
    ]
    for (theta, branch) in table {
      let found = model.branch(theta: theta)
      #expect(abs(found - branch) < 1e-6, "theta \(theta)")
      #expect(abs(found / 2 + model.score(found, theta: theta)) < 1e-9, "a fixed point of the drift")
    }
    #expect(model.branch(theta: 0) == 0 && model.branch(theta: 0.3) == 0 && model.branch(theta: 0.643) == 0)
  }

  @Test("the branch opens as a square root with the factor 3.30")
  func exponent() {
    let distance = 1e-6
    let branch = model.branch(theta: model.criticalTheta + distance)
    #expect(abs(branch / distance.squareRoot() - 3.30) < 0.01)
  }

  @Test("the curvature through the exact denoiser is the closed form", arguments: [0.2, 0.5, 0.6435943, 0.8])
  func curvatureThroughDenoiser(theta: Double) throws {
    let backend = try makeTestBackend()
    let denoiser = UnequalPoints(share: 0.5).denoiser(on: backend)
    let level = NoiseLevel(alphaBar: theta * theta, timestep: 0)
    let curvature = try potentialCurvature(
      of: denoiser, at: Tensor([0], shape: [1, 1], on: backend), along: [1], level: level)
    #expect(abs(curvature - model.curvature(theta: theta)) < 2e-4)
  }
}
