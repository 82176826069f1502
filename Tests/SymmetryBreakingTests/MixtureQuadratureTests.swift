import ComputeCPU
import Foundation
import SymmetryBreaking
import Testing

/// Reference values by NumPy and SciPy: the same integrals with 200,001 places.
@Suite("Integrals over mixtures", .serialized)
struct MixtureQuadratureTests {
  private let unequal = PointMixture(points: [[1], [-1]], weights: [0.8, 0.2])

  @Test(
    "two points: the order parameter's multiplier, and the Gaussian's below it",
    arguments: [(0.6436, 0.4721564, 0.4142), (0.8, 0.8906917, 0.64), (0.9, 1.5136103, 0.81)])
  func multiplier(theta: Double, multiplier: Double, gaussian: Double) throws {
    let found = try #require(PointMixture.twoPoints.orderMultipliers(theta: theta))
    #expect(found.count == 1 && abs(found[0] - multiplier) < 1e-6)
    let signal = theta * theta / (1 - theta * theta)
    #expect(abs(signal / (1 + signal) - gaussian) < 1e-4)
  }

  @Test("two equal points pass one at theta .82518; shares of .8 and .2 never do, for their split is a fold elsewhere")
  func crossing() throws {
    func multiplier(_ world: PointMixture, _ theta: Double) throws -> Double {
      try #require(world.orderMultipliers(theta: theta))[0]
    }
    #expect(try multiplier(.twoPoints, 0.825180) < 1 && multiplier(.twoPoints, 0.825181) > 1)
    #expect(abs(try multiplier(unequal, 0.8) - 0.4797263) < 1e-6)
    for theta in stride(from: 0.1, to: 0.995, by: 0.02) { #expect(try multiplier(unequal, theta) < 0.5412) }
  }

  @Test("a Gaussian's multiplier is g l / (1 + g l), and one that is shared adds to the points' in two dimensions")
  func gaussianMultiplier() throws {
    let broad = PointMixture(points: [[0.001], [-0.001]], variance: 3), signal = 0.49 / 0.51
    #expect(abs(try #require(broad.orderMultipliers(theta: 0.7))[0] - signal * 3 / (1 + signal * 3)) < 1e-6)
    let product = PointMixture(points: [[2, 0.6], [2, -0.6], [-2, 0.6], [-2, -0.6]])
    let found = try #require(product.orderMultipliers(theta: 0.6))
    let lines = try [2.0, 0.6].map {
      try #require(PointMixture(points: [[$0], [-$0]]).orderMultipliers(theta: 0.6))[0]
    }
    #expect(abs(found[0] - max(lines[0], lines[1])) < 1e-6 && abs(found[1] - min(lines[0], lines[1])) < 1e-6)
    #expect(PointMixture(points: [[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 1]]).orderMultipliers(theta: 0.5) == nil)
  }

  @Test("the clone test at the speciation time of two distant Gaussians is .7752, whatever their distance")
  func speciation() throws {
    for distance in [1.0, 5, 40] {
      let world = PointMixture(points: [[distance], [-distance]], variance: 1)
      // theta = exp(-t), t = log(distance^2) / 2.
      let theta = BiroliClock.theta(at: BiroliClock.speciationTime(leadingVariance: distance * distance))
      // At the distance 1 the time is zero: nothing but the limit is left.
      let found = try #require(world.cloneAgreement(theta: min(theta, 1 - 1e-9)))
      #expect(abs(found - 0.7752002) < 2e-6)
    }
  }

  @Test(
    "clones and U-turns by 20,000 paths agree with the integral and with each other within three standard errors",
    arguments: [(0.3, 0.5452096, 0.7001892), (0.6436, 0.7223161, 0.8018670), (0.9, 0.9705838, 0.9773711)])
  func paths(theta: Double, equal: Double, shares: Double) throws {
    let backend = try CPUBackend()
    for (world, expected) in [(PointMixture.twoPoints, equal), (unequal, shares)] {
      #expect(abs(try #require(world.cloneAgreement(theta: theta)) - expected) < 1e-6)
      let experiment = CloneExperiment(world, dynamics: .init(steps: 300), seed: 3)
      let found = [try experiment.clones(theta: theta, on: backend), try experiment.uTurns(theta: theta, on: backend)]
      for agreement in found {
        #expect(agreement.pairs == 20_000)
        #expect(abs(agreement.share - expected) < 3 * agreement.standardError, "\(theta): \(agreement.share)")
      }
      let error = 3 * (2 * found[0].standardError * found[0].standardError).squareRoot()
      #expect(abs(found[0].share - found[1].share) < error)
    }
  }

  @Test("the denoising error integrates to the entropy of the points: I-MMSE")
  func entropy() throws {
    for (world, entropy) in [(PointMixture.twoPoints, log(2)), (unequal, -(0.8 * log(0.8) + 0.2 * log(0.2)))] {
      let sigmas = (0..<240).map { exp(-3 + Double($0) * 0.04) }
      let losses = try sigmas.map { try #require(world.denoisingError(theta: 1 / (1 + $0 * $0).squareRoot())) }
      let profile = EntropyProfile(karrasSigmas: sigmas, losses: losses), entropies = profile.entropies
      // Beyond the last level the error is the data's variance, and half of that over sigma^2 is missing.
      let rest = losses[losses.count - 1] / (2 * sigmas[239] * sigmas[239])
      #expect(abs(entropies[239] + rest - entropy) < 1e-4)
      #expect(profile.rates.allSatisfy { $0 >= 0 } && entropies[0] == 0)
    }
  }

  @Test("the error of a direction without points is that of its variance alone")
  func errorAcross() throws {
    let line = PointMixture(points: [[1], [-1]], variance: 0.5)
    let plane = PointMixture(points: [[1, 0], [-1, 0]], variance: 0.5)
    let (one, two) = (try #require(line.denoisingError(theta: 0.6)), try #require(plane.denoisingError(theta: 0.6)))
    // variance sigma^2 / (sigma^2 + theta^2 variance)
    #expect(abs(two - one - 0.5 * 0.64 / (0.64 + 0.18)) < 1e-12)
  }
}
