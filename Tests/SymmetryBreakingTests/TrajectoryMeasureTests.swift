import HostMath
import Diffusion
import Foundation
import SymmetryBreaking
import Tensors
import Testing

@Suite("What trajectories tell")
struct TrajectoryMeasureTests {
  @Test("agreement is a share with the error of a proportion")
  func agreement() {
    let found = ClassAgreement([0, 1, 2, 1], [0, 1, 1, 1])
    #expect(found.share == 0.75 && found.pairs == 4 && abs(found.standardError - (0.1875 / 4).squareRoot()) < 1e-15)
    #expect(ClassAgreement([3], [3]).standardError == 0)
  }

  @Test("a decision is made where the answer has changed for the last time")
  func decisions() {
    let answers = [[1, 0, 2, 5], [1, 1, 3, 5], [1, 0, 2, 5], [1, 0, 4, 6]]
    #expect(decisionPlaces(of: answers) == [0, 2, 3, 3])
    #expect(decisionPlaces(of: []).isEmpty && decisionPlaces(of: [[7, 7]]) == [0, 0])
  }

  @Test("explained variance: all by itself, none by nothing, and the denoiser's about its mean")
  func explained() {
    let values = [[1.0, 2], [3, -1], [-1, 5]]
    #expect(explainedVariance(of: values, by: values, isCentred: false) == 1)
    #expect(explainedVariance(of: values, by: values.map { $0.map { _ in 0 } }, isCentred: false) == 0)
    #expect(abs(explainedVariance(of: values, by: values.map { _ in [1, 2] }, isCentred: true)) < 1e-15)
    // Errors of 1 in one of three rows; squares 41, about the mean 26.
    let other = [[1.0, 2], [3, -1], [-1, 4]]
    #expect(abs(explainedVariance(of: values, by: other, isCentred: false) - (1 - 1.0 / 41)) < 1e-15)
    #expect(abs(explainedVariance(of: values, by: other, isCentred: true) - (1 - 1.0 / 26)) < 1e-15)
  }

  @Test("of a Gaussian world the Gaussian explains all, of two points little once the symmetry has broken")
  func explainedOfWorlds() {
    let world = PointMixture.twoPoints
    func explained(_ theta: Double) -> Double {
      // Places of equal probability of a state, by inverting a fine sum of its density.
      let states = (-300...300).map { Double($0) * 0.01 }
      let rows = states.map { x in
        (exp(world.logDensity([x], theta: theta)), world.posteriorMean([x], theta: theta)[0], x)
      }
      let most = rows.map(\.0).max() ?? 1
      let drawn = rows.flatMap { row in
        [(Double, Double)](repeating: (row.1, theta * row.2), count: Int((100 * row.0 / most).rounded()))
      }
      return explainedVariance(of: drawn.map { [$0.0] }, by: drawn.map { [$0.1] }, isCentred: true)
    }
    // The Gaussian with the same moments has E[x0 | x] = theta x.
    #expect(explained(0.2) > 0.98 && explained(0.9) < 0.95 && explained(0.2) > explained(0.6))
  }

  @Test("rescaled time is linear in log sigma for an error that grows as sigma, and its levels are then geometric")
  func rescaledTime() {
    let sigmas = (0...40).map { exp(Double($0) * 0.1) }
    let profile = EntropyProfile(karrasSigmas: sigmas, losses: sigmas)
    // mse / sigma^2 dsigma = dlog sigma.
    #expect(zip(profile.rescaledTimes, sigmas).allSatisfy { abs($0 - log($1)) < 1e-12 })
    let levels = profile.levels(count: 5)
    #expect(zip(levels, [4.0, 3, 2, 1, 0]).allSatisfy { abs(log($0) - $1) < 1e-12 })
  }

  @Test(
    "of a Gaussian's errors the collapse is the closed form's, with equal variances and without",
    arguments: [(20_000, 8), (60_000, 100), (3, 2)])
  func collapse(samples: Int, dimension: Int) throws {
    let sigmas = (0...4000).map { exp(-6 + Double($0) * 0.003) }
    func profile(_ variances: [Double]) -> EntropyProfile {
      // Of variance l the error is l sigma^2 / (l + sigma^2).
      EntropyProfile(
        karrasSigmas: sigmas,
        losses: sigmas.map { sigma in variances.reduce(0) { $0 + $1 * sigma * sigma / ($1 + sigma * sigma) } })
    }
    let equal = profile(.init(repeating: 1.7, count: dimension))
    let sigma = try #require(equal.collapseSigma(samples: samples))
    let time = BiroliClock.collapseTime(variance: 1.7, samples: samples, dimension: dimension)
    #expect(abs(BiroliClock.time(ofTheta: 1 / (1 + sigma * sigma).squareRoot()) / time - 1) < 1e-4)
    // In general the information is half the sum of log(1 + l / sigma^2).
    let variances = (0..<dimension).map { 20 / Double(1 + $0) }
    let other = try #require(profile(variances).collapseSigma(samples: samples))
    let information = variances.reduce(0) { $0 + log1p($1 / (other * other)) / 2 }
    #expect(abs(information - log(Double(samples))) < 1e-4)
  }

  @Test("points that are fewer than the samples never tell as much as a sample's name, and have no collapse")
  func noCollapse() throws {
    let sigmas = (0..<240).map { exp(-3 + Double($0) * 0.04) }
    let losses = try sigmas.map {
      try #require(PointMixture.twoPoints.denoisingError(theta: 1 / (1 + $0 * $0).squareRoot()))
    }
    let profile = EntropyProfile(karrasSigmas: sigmas, losses: losses)
    #expect(abs(profile.informations[0] - log(2)) < 1e-4)
    #expect(profile.collapseSigma(samples: 3) == nil)
  }
}

@Suite("Times and criteria")
struct CriterionTests {
  private let schedule = NoiseSchedule.linear()

  /// Leading variances and the steps at which the drift, the density and speciation are critical: NumPy, 1,000 linear betas.
  @Test(
    "the criteria are met at the steps of the table",
    arguments: [
      (3.05, 424, 369, 329), (7.66, 518, 460, 446), (16.72, 588, 531, 526), (12.11, 560, 502, 495),
      (60.5, 687, 637, 635), (60.52, 687, 637, 635), (117, 733, 685, 685), (223, 776, 730, 730),
    ])
  func steps(variance: Double, drift: Int, density: Int, speciation: Int) throws {
    for (criterion, step) in [
      (CriticalCriterion.driftFixedPoint, drift), (.bimodalDensity, density), (.speciation, speciation),
    ] {
      let alphaBar = try #require(criterion.alphaBar(leadingVariance: variance))
      #expect(schedule.firstStep(below: alphaBar) == step, "\(criterion)")
    }
    #expect(CriticalCriterion.flowInstability.alphaBar(leadingVariance: variance) == nil)
  }

  @Test("for two points: .4142 by the drift, .5 by the density, and the steps of a thousand")
  func twoPoints() throws {
    let drift = try #require(CriticalCriterion.driftFixedPoint.alphaBar(leadingVariance: 1))
    #expect(abs(drift - (2.0.squareRoot() - 1)) < 1e-15 && schedule.firstStep(below: drift) == 292)
    #expect(abs(drift.squareRoot() - TwoPointModel().criticalTheta) < 1e-12)
    #expect(
      CriticalCriterion.bimodalDensity.alphaBar(leadingVariance: 1) == 0.5 && schedule.firstStep(below: 0.5) == 259)
    #expect(CriticalCriterion.speciation.alphaBar(leadingVariance: 1) == nil)
    #expect(CriticalCriterion.flowInstability.alphaBar(leadingVariance: 1) == 0)
    // The same with the rounding of 32 bits on either side.
    for variance in [1 - 1e-7, 1 + 1e-7] {
      #expect(CriticalCriterion.speciation.alphaBar(leadingVariance: variance) == nil)
      #expect(CriticalCriterion.flowInstability.alphaBar(leadingVariance: variance) == 0)
    }
  }

  @Test("the density of two points gets two maxima, and the flow expands, where their criteria say")
  func meaning() throws {
    let world = PointMixture(points: [[0.8], [-0.8]])
    for (criterion, curvature) in [(CriticalCriterion.bimodalDensity, 0.0), (.flowInstability, -1)] {
      // The flow's drift is -(x + score) beta / 2, so that it expands where the Hessian of log p is above -1.
      let theta = try #require(criterion.alphaBar(leadingVariance: 0.64)).squareRoot()
      let found = [theta - 1e-4, theta + 1e-4].map { world.hessian([0], theta: $0).elements[0] - curvature }
      #expect(found[0] < 0 && found[1] > 0, "\(criterion)")
    }
  }

  @Test(
    "speciation times of Biroli's images",
    arguments: [(7.66, 1.018), (16.72, 1.408), (3.05, 0.558), (12.11, 1.247), (60.52, 2.051)])
  func speciation(variance: Double, time: Double) {
    #expect(abs(BiroliClock.speciationTime(leadingVariance: variance) - time) < 6e-4)
    #expect(abs(BiroliClock.time(ofTheta: BiroliClock.theta(at: time)) - time) < 1e-14)
  }

  @Test("the collapse is where the excess entropy vanishes")
  func collapse() {
    let time = BiroliClock.collapseTime(variance: 1, samples: 20_000, dimension: 8)
    #expect(abs(time - 0.043918390512029525) < 1e-14)
    func excess(_ time: Double) -> Double {
      BiroliClock.excessEntropy(at: time, variance: 1, samples: 20_000, dimension: 8)
    }
    #expect(excess(time * 0.999) == 0 && excess(time * 1.001) > 0 && excess(time * 1.001) < 1e-2)
    // Late in the forward process it is log n / d.
    #expect(abs(excess(20) - log(20_000) / 8) < 1e-12)
  }
}
