import Diffusion
import Foundation
import SymmetryBreaking
import Tensors
import Testing

@Suite("Potentials along arcs")
struct PotentialArcTests {
  private let world = PointMixture(points: [[1, 0.2], [-0.7, 0.9]], weights: [0.6, 0.4])

  @Test("angles meet both states and their middle, and the arc keeps a common norm")
  func angles() throws {
    let arc = PotentialArc()
    #expect(arc.angles.count == 181 && abs(arc.angles[0] + 0.2 * .pi) < 1e-15)
    let states = arc.states(from: [3, 0], to: [0, 3])
    #expect(zip(states[40], [3.0, 0]).allSatisfy { abs($0 - $1) < 1e-12 })
    #expect(zip(states[140], [0.0, 3]).allSatisfy { abs($0 - $1) < 1e-12 })
    #expect(states.allSatisfy { abs($0[0] * $0[0] + $0[1] * $0[1] - 9) < 1e-12 })
  }

  @Test(
    "the integral of the score is the potential itself, less its value at the first state", arguments: [0.2, 0.6, 0.9])
  func integral(theta: Double) {
    let arc = PotentialArc(), (first, second) = ([0.9, 0.1], [-0.6, 0.8])
    let found = arc.potential(from: first, to: second) { $0.map { world.score($0, theta: theta) } }
    let zero = world.potential(first, theta: theta)
    for (state, value) in zip(arc.states(from: first, to: second), found) {
      #expect(abs(value - (world.potential(state, theta: theta) - zero)) < 2e-5)
    }
  }

  @Test("a denoiser's potential is that of its score", arguments: [64, 7])
  func denoiser(batch: Int) throws {
    let backend = try makeTestBackend(), theta = 0.6, arc = PotentialArc(count: 46)
    let level = NoiseLevel(alphaBar: theta * theta, timestep: 0)
    let found = try arc.potential(
      through: Tensor([0.9, 0.1, -0.6, 0.8], shape: [2, 2], on: backend), of: world.denoiser(on: backend), at: level,
      batch: batch)
    let exact = arc.potential(from: [0.9, 0.1], to: [-0.6, 0.8]) { $0.map { world.score($0, theta: theta) } }
    #expect(zip(found, exact).allSatisfy { abs($0 - $1) < 1e-5 })
  }

  @Test("between two points one valley becomes two")
  func valleys() {
    let arc = PotentialArc(), points = [[1.0, 1], [1, -1]]
    let world = PointMixture(points: points + points.map { $0.map { -$0 } })
    func barrier(_ theta: Double) -> Double {
      let states = points.map { $0.map { theta * $0 } }
      let curve = arc.potential(from: states[0], to: states[1]) { $0.map { world.score($0, theta: theta) } }
      return curve[90] - max(curve[40], curve[140])
    }
    #expect(abs(barrier(0.2)) < 0.01 && barrier(0.9) > 1)
  }

  @Test("averages have the standard error of a mean")
  func averages() {
    let (mean, error) = average(of: [[1, 2], [3, 2], [5, 2]])
    #expect(mean == [3, 2] && abs(error[0] - (4.0 / 3).squareRoot()) < 1e-15 && error[1] == 0)
    #expect(average(of: [[1, 2]]).standardError == [0, 0])
  }
}
