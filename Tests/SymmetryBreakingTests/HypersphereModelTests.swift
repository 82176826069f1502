import Diffusion
import Foundation
import SymmetryBreaking
import Tensors
import Testing

@Suite("Hyperspheres")
struct HypersphereModelTests {
  @Test("critical values are those of the closed form")
  func criticalValues() {
    let table = [(2, 1.0, 0.7862), (3, 1, 0.8490), (100, 3, 0.9561)]
    for (dimension, radius, theta) in table {
      let model = HypersphereModel(dimension: dimension, radius: radius)
      #expect(abs(model.criticalTheta - theta) < 5e-5)
      let (d, square) = (Double(dimension), radius * radius)
      let closed = ((d * d + square * square).squareRoot() - square) / d
      #expect(abs(model.criticalTheta - closed.squareRoot()) < 1e-14)
      #expect(abs(model.curvature(theta: model.criticalTheta)) < 1e-12)
    }
  }

  @Test(
    "with the radius the root of the dimension, the critical value is that of two points",
    arguments: [1, 2, 50, 3072])
  func normalizedSphere(dimension: Int) {
    let model = HypersphereModel(dimension: dimension, radius: Double(dimension).squareRoot())
    #expect(abs(model.criticalTheta - TwoPointModel().criticalTheta) < 1e-12)
  }

  @Test("in one dimension the sphere is two points", arguments: [0.3, 0.65, 0.8, 0.95, 0.9999])
  func oneDimension(theta: Double) {
    let sphere = HypersphereModel(dimension: 1, radius: 1)
    #expect(abs(sphere.branch(theta: theta) - TwoPointModel().branch(theta: theta)) < 1e-12)
    #expect(abs(sphere.denoisedRadius(at: 0.4, theta: theta) - tanh(theta * 0.4 / (1 - theta * theta))) < 1e-14)
  }

  /// The values are those of `scipy.special.ive(d / 2, x) / ive(d / 2 - 1, x)`.
  @Test("Beyond the continued fraction the ratio goes on without a jump, and states without a length have no estimate")
  func farStates() throws {
    for dimension in [1, 2, 3, 100, 1_000_000] {
      let model = HypersphereModel(dimension: dimension, radius: 1)
      // theta 1/2 and distance 3 x / 2 make an argument of x.
      let ratios = [0.99e10, 0.999999e10, 1.000001e10, 1e11, 1e30, 1e300, .infinity].map {
        model.denoisedRadius(at: 1.5 * $0, theta: 0.5)
      }
      #expect(zip(ratios, ratios.dropFirst()).allSatisfy { $0 <= $1 + 1e-10 } && ratios.last == 1)
      #expect(abs(ratios[1] - ratios[2]) < 1e-10)
    }
    let backend = try makeTestBackend(), level = NoiseSchedule.linear().level(at: 500)
    for value: Float in [3e38, .infinity, .nan] {
      let x = Tensor([value, 1, 1, 1], shape: [2, 2], on: backend)
      let output = try HypersphereModel(dimension: 2, radius: 1).denoiser(on: backend).prediction(x, at: level).output
        .values()
      #expect(output[0].isNaN && output[2].isFinite)
    }
  }

  @Test("the ratio of Bessel functions is SciPy's, where those do not underflow")
  func besselRatios() {
    let table = [
      (2, 0.5, 0.24249961258080188), (2, 5, 0.8933831370440853), (3, 500, 0.998), (10, 50, 0.9132095998737407),
      (100, 0.5, 0.004999877456871912), (100, 5000, 0.9901480234522942),
    ]
    let theta = 0.6
    for (dimension, argument, ratio) in table {
      let distance = argument * (1 - theta * theta) / theta
      let found = HypersphereModel(dimension: dimension, radius: 1).denoisedRadius(at: distance, theta: theta)
      #expect(abs(found - ratio) < 2e-15)
    }
  }

  @Test("the branch opens at the critical value, in high dimensions too", arguments: [(2, 1.0), (100, 3), (3072, 40)])
  func branch(dimension: Int, radius: Double) {
    let model = HypersphereModel(dimension: dimension, radius: radius)
    #expect(model.branch(theta: model.criticalTheta * 0.999) == 0)
    let radii = [1.001, 1.01].map { model.branch(theta: min(0.9999, model.criticalTheta * $0)) }
    #expect(0 < radii[0] && radii[0] < radii[1] && radii[1] < radius)
    let step = 1e-5 * model.criticalTheta
    #expect(model.curvature(theta: model.criticalTheta - step) > 0)
    #expect(model.curvature(theta: model.criticalTheta + step) < 0)
  }
}
