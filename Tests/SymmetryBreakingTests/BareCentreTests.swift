import HostMath
import Diffusion
import HostMath
import SymmetryBreaking
import Tensors
import Testing

@Suite("The fixed point of the drift itself")
struct BareCentreTests {
  private func level(_ theta: Double) -> NoiseLevel { NoiseLevel(alphaBar: theta * theta, timestep: 0) }

  @Test(
    "of two points the centre is the origin, and its curvature the closed form's", arguments: [0.2, 0.6436, 0.8, 0.95])
  func twoPoints(theta: Double) throws {
    let backend = try makeTestBackend()
    let centre = BareCentre(PointMixture.twoPoints.denoiser(on: backend), rowShape: [1], on: backend)
    let found = try centre.fixedPoint(mean: [0], level(theta))
    #expect(abs(found.point[0]) < 1e-6 && found.residual < 1e-6)
    let curvature = try centre.curvature(at: found.point, level(theta), from: [1])
    // Rounding of 32 bits over a difference's length, and the cubic term of a tanh within it.
    #expect(abs(curvature - TwoPointModel().curvature(theta: theta)) < 2e-3 * max(1, abs(curvature)))
  }

  /// Both are found from other equations: the diagram's in Double, from the posterior.
  @Test("of three points in a plane it is the bifurcation diagram's", arguments: [0.3, 0.5])
  func plane(theta: Double) throws {
    let backend = try makeTestBackend()
    let world = PointMixture(points: [[1, 0.5], [-0.4, -1.2], [0.3, 1]], weights: [3, 1, 2])
    var centre = BareCentre(world.denoiser(on: backend), rowShape: [2], on: backend), evaluations = 0
    centre.willEvaluate = { evaluations += $0 }
    let found = try centre.fixedPoint(mean: world.mean, level(theta))
    let curvature = try centre.curvature(at: found.point, level(theta), from: [1, 0.3])
    let diagram = try #require(BifurcationDiagram(of: world, over: 0.2...0.6))
    let expected = try #require(diagram.fixedPoints(at: theta).first)
    #expect(zip(found.point, expected.x).allSatisfy { abs($0 - $1) < 1e-3 }, "\(found.point), \(expected.x)")
    #expect(zip(world.potentialGradient(found.point, theta: theta), [0, 0]).allSatisfy { abs($0 - $1) < 1e-5 })
    let least = world.potentialHessian(found.point, theta: theta).eigenvalues()[0]
    #expect(abs(curvature - least) < 2e-3 && found.newtonSteps > 0)
    #expect(evaluations <= centre.mostEvaluations)
  }

  @Test("a search ends where the caller throws")
  func stops() throws {
    struct Stop: Error {}
    let backend = try makeTestBackend()
    var centre = BareCentre(PointMixture.twoPoints.denoiser(on: backend), rowShape: [1], on: backend)
    centre.willEvaluate = { _ in throw Stop() }
    #expect(throws: Stop.self) { try centre.fixedPoint(mean: [0], level(0.5)) }
  }
}
