import Foundation
import HostMath
import SymmetryBreaking
import Testing

@Suite("Densities of exact worlds")
struct ExactWorldDensityTests {
  private static let mixture = PointMixture(
    points: [[1, 0.5], [-0.4, -1.2], [0.3, 2]], weights: [3, 1, 2], variance: 0.2)
  private static let worlds: [any ExactWorldDensity] = [
    mixture, PointMixture(points: [[1, 0.5], [-1, 2]], weights: [0.7, 0.3]),
    HypersphereModel(dimension: 2, radius: 1.3),
  ]

  @Test("score, Hessian and the potential's derivatives are those of the log density", arguments: [0.2, 0.6, 0.85])
  func derivatives(theta: Double) {
    let step = 1e-4
    for world in Self.worlds {
      for x in [[0.3, -0.8], [1.1, 0.4], [-0.5, 0.2]] {
        let score = world.score(x, theta: theta), hessian = world.hessian(x, theta: theta)
        let gradient = world.potentialGradient(x, theta: theta), curvature = world.potentialHessian(x, theta: theta)
        for axis in 0..<2 {
          var (high, low) = (x, x)
          high[axis] += step
          low[axis] -= step
          let slope = (world.logDensity(high, theta: theta) - world.logDensity(low, theta: theta)) / (2 * step)
          #expect(abs(slope - score[axis]) < 1e-5 * max(1, abs(slope)))
          let fall = (world.potential(high, theta: theta) - world.potential(low, theta: theta)) / (2 * step)
          #expect(abs(fall - gradient[axis]) < 1e-5 * max(1, abs(fall)))
          let scores = zip(world.score(high, theta: theta), world.score(low, theta: theta)).map {
            ($0 - $1) / (2 * step)
          }
          for other in 0..<2 {
            #expect(abs(scores[other] - hessian.elements[2 * axis + other]) < 1e-4 * max(1, abs(scores[other])))
            let shift = other == axis ? 0.5 : 0
            #expect(abs(curvature.elements[2 * axis + other] + hessian.elements[2 * axis + other] + shift) < 1e-12)
          }
        }
      }
    }
  }

  @Test("the density of a line's mixture integrates to one, with its own mean and variance", arguments: [0.3, 0.9])
  func normalised(theta: Double) {
    let world = PointMixture(points: [[2], [-1]], weights: [1, 3], variance: 0.1)
    let places = (-4000...4000).map { Double($0) * 0.002 }
    var sums = [0.0, 0, 0]
    for x in places {
      let density = exp(world.logDensity([x], theta: theta)) * 0.002
      for power in 0..<3 { sums[power] += density * pow(x, Double(power)) }
    }
    // Mean -1/4, variance 27/16 + .1.
    #expect(abs(sums[0] - 1) < 1e-9 && abs(sums[1] + theta / 4) < 1e-9)
    #expect(abs(sums[2] - (theta * theta * (0.0625 + 1.6875 + 0.1) + 1 - theta * theta)) < 1e-8)
  }

  @Test("the posterior is that of the denoiser's formula, with probabilities that add up to one")
  func posterior() {
    let x = [0.4, -0.7], theta = 0.7, world = Self.mixture
    let spread = 1 - 0.49 + 0.49 * 0.2, noise = 1 - 0.49
    let densities = zip(world.weights, world.points).map { weight, point in
      weight * exp(-zip(x, point).reduce(0) { $0 + ($1.0 - theta * $1.1) * ($1.0 - theta * $1.1) } / (2 * spread))
    }
    let sum = densities.reduce(0, +), probabilities = world.probabilities(x, theta: theta)
    #expect(zip(probabilities, densities).allSatisfy { abs($0 - $1 / sum) < 1e-14 })
    for axis in 0..<2 {
      let mean = zip(densities, world.points).reduce(0) { $0 + $1.0 * $1.1[axis] } / sum
      let expected = noise / spread * mean + theta * 0.2 / spread * x[axis]
      #expect(abs(world.posteriorMean(x, theta: theta)[axis] - expected) < 1e-14)
    }
  }

  @Test("a mixture's log density does not vanish far out")
  func farOut() {
    let world = PointMixture(points: [[1], [-1]], weights: [0.8, 0.2])
    let far = world.logDensity([500], theta: 0.9)
    #expect(far.isFinite && abs(far - (log(0.8) - (499.1 * 499.1) / 0.38 - log(2 * .pi * 0.19) / 2)) < 1e-8)
    #expect(world.posteriorMean([-500], theta: 0.9) == [-1])
  }

  /// By mpmath: Bessel functions of 60 digits, beyond a thousand dimensions the integral over the angle in 30 digits.
  @Test(
    "a sphere's log density is that of the Bessel function, in ten thousand dimensions too",
    arguments: [
      (2, 1.0, 0.7, 0.6, -1.9507530344884238), (3, 2, 1.5, 0.8, -3.8284964022488655),
      (3, 1, 0.9, 0.999, -2.6875233903195483), (100, 3, 8, 0.5, -120.4119746746588),
      (3072, 40, 41, 0.9, -3449.9497742900414), (10_000, 100, 95, 0.6, -13705.47154040045),
      (10_000, 100, 99.5, 0.95, -14139.767768565003),
    ])
  func sphere(dimension: Int, radius: Double, distance: Double, theta: Double, expected: Double) {
    let model = HypersphereModel(dimension: dimension, radius: radius)
    #expect(abs(model.logDensity(at: distance, theta: theta) - expected) < 1e-13 * max(1000, abs(expected)))
    // Along the radius its slope is the score that the ratio of Bessel functions gives.
    let step = 1e-4 * distance
    let slope =
      (model.logDensity(at: distance + step, theta: theta) - model.logDensity(at: distance - step, theta: theta))
      / (2 * step)
    let score = (theta * model.denoisedRadius(at: distance, theta: theta) - distance) / (1 - theta * theta)
    #expect(abs(slope - score) < 1e-5 * max(1, abs(score)))
  }

  @Test("in one dimension a sphere's density is that of two points")
  func sphereOfTwoPoints() {
    let (sphere, points) = (HypersphereModel(dimension: 1, radius: 1), PointMixture.twoPoints)
    for (x, theta) in [(0.0, 0.5), (0.3, 0.2), (-1.4, 0.9), (1.01, 0.9999)] {
      #expect(abs(sphere.logDensity([x], theta: theta) - points.logDensity([x], theta: theta)) < 1e-11)
      let (a, b) = (sphere.posteriorCovariance([x], theta: theta), points.posteriorCovariance([x], theta: theta))
      #expect(abs(a.elements[0] - b.elements[0]) < 1e-12)
    }
  }

  @Test("ten thousand dimensions at the root of the dimension: the critical theta and the branch of the large limit")
  func tenThousandDimensions() {
    let model = HypersphereModel(dimension: 10_000, radius: 100)
    #expect(abs(model.criticalTheta - TwoPointModel().criticalTheta) < 1e-12)
    let before = model.posteriorVariances(at: 0, theta: 0.6)
    #expect(before.along == 1 && before.across == 1)
    // A(k) -> k / (v + sqrt(v^2 + k^2)) turns the equation of state into (1 + q)^2 rho^2 = 4 q r^2 - 2 (1 + q)(1 - q) d.
    let theta = 0.8, q = theta * theta
    let large = (4 * q * 10_000 - 2 * (1 - q * q) * 10_000).squareRoot() / (1 + q)
    #expect(abs(model.branch(theta: theta) / large - 1) < 1e-3)
  }
}
