import Compute
import Conformance
import Diffusion
import Foundation
import Tensors
import Testing

@Suite("Likelihood by the probability flow")
struct LikelihoodTests {
  static let schedules: [NoiseSchedule] = [.linear(), .cosine(), .edm(), .geometric(to: 90)]

  private let backend = makeTestBackend()

  /// The bits per dimension that a thousandth may be missed by.
  private let bits = 1e-3 * log(2.0)

  /// Gaussian data of mean zero with a basis that is not that of the axes.
  private func gaussian(mean: Float) -> GaussianStatistics {
    let (c, s) = (Float(cos(0.6)), Float(sin(0.6)))
    return GaussianStatistics(
      mean: [mean, -mean, mean / 2], basis: [c, s, 0, -s, c, 0, 0, 0, 1], eigenvalues: [0.3, 0.8, 1.6], remainder: 0,
      on: backend)
  }

  /// Coordinates along the basis of ``gaussian(mean:)``.
  private func rotated(_ x: [Double]) -> [Double] {
    [cos(0.6) * x[0] + sin(0.6) * x[1], -sin(0.6) * x[0] + cos(0.6) * x[1], x[2]]
  }

  private let points: [[Double]] = [[0.5, -0.2, 1], [-1.1, 0.4, 0.3], [0, 0, 0], [0.9, 0.7, -2]]

  private var samples: Tensor { Tensor(points.joined().map { Float($0) }, shape: [4, 3], on: backend) }

  private func density(_ x: [Double], variances: [Double]) -> Double {
    zip(x, variances).reduce(0) { $0 - 0.5 * ($1.0 * $1.0 / $1.1 + log(2 * Double.pi * $1.1)) }
  }

  @Test("Of a Gaussian it is the density, to a thousandth of a bit per dimension", arguments: schedules)
  func gaussian(schedule: NoiseSchedule) throws {
    let found = try #require(
      try Likelihood(on: schedule, trace: .exact)(
        of: samples, seeds: [0, 1, 2, 3], by: GaussianDenoiser(gaussian(mean: 0))))
    for (value, point) in zip(found.logDensities, points) {
      let exact = density(rotated(point), variances: [0.3, 0.8, 1.6])
      #expect(abs(value - exact) / 3 < bits, "\(value), \(exact)")
    }
    #expect(found.evaluations > 6 && found.pullbacks == 3 * found.evaluations)
  }

  @Test("Of a Gaussian with a mean it is what the flow makes of the prior", arguments: schedules)
  func shifted(schedule: NoiseSchedule) throws {
    let found = try #require(
      try Likelihood(on: schedule, trace: .exact)(
        of: samples, seeds: [0, 1, 2, 3], by: GaussianDenoiser(gaussian(mean: 0.4))))
    let (low, high) = (schedule.level(at: 0).karrasSigma, schedule.level(at: schedule.last).karrasSigma)
    let mean = rotated([0.4, -0.4, 0.2]), variances = [0.3, 0.8, 1.6]
    let prior = schedule.isVarianceExploding ? high * high : high * high + 1
    for (value, point) in zip(found.logDensities, points) {
      var exact = 0.0
      for (axis, x) in rotated(point).enumerated() {
        let growth = (variances[axis] + high * high) / (variances[axis] + low * low)
        let end = mean[axis] + growth.squareRoot() * (x - mean[axis])
        exact += 0.5 * log(growth) - 0.5 * (end * end / prior + log(2 * Double.pi * prior))
      }
      #expect(abs(value - exact) / 3 < bits / 3, "\(value), \(exact)")
    }
  }

  @Test("Of a mixture of Gaussians it is the density", arguments: schedules)
  func mixture(schedule: NoiseSchedule) throws {
    let centres: [[Double]] = [[0.9, 0.4, -0.5], [-0.9, -0.4, 0.5]], variance = 0.4
    let denoiser = GaussianMixtureDenoiser(
      centres: centres.joined().map { Float($0) }, dimension: 3, variance: variance, on: backend)
    let found = try #require(
      try Likelihood(on: schedule, trace: .exact)(of: samples, seeds: [0, 1, 2, 3], by: denoiser))
    for (value, point) in zip(found.logDensities, points) {
      let exact = log(
        centres.reduce(0) { sum, centre in
          sum + 0.5 * exp(density(zip(point, centre).map { $0 - $1 }, variances: [variance, variance, variance]))
        })
      #expect(abs(value - exact) / 3 < bits, "\(value), \(exact)")
    }
  }

  @Test("Hutchinson's estimate has the exact value as its mean, and its value is that of its seed")
  func estimate() throws {
    let denoiser = GaussianDenoiser(gaussian(mean: 0)), schedule = NoiseSchedule.edm(), count = 64
    let copies = samples.selectingRows((0..<count).map { _ in 1 })
    let seeds = (0..<UInt64(count)).map { $0 }
    let likelihood = Likelihood(on: schedule, tolerance: 1e-4)
    let found = try #require(try likelihood(of: copies, seeds: seeds, by: denoiser)).logDensities
    let exact = density(rotated(points[1]), variances: [0.3, 0.8, 1.6])
    let mean = found.reduce(0, +) / Double(count)
    let spread = (found.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(count - 1)).squareRoot()
    // Signs see the elements outside of the diagonal, and only these.
    #expect(spread > 0.01 && abs(mean - exact) < 4 * spread / Double(count).squareRoot(), "\(mean), \(exact)")
    let again = try #require(try likelihood(of: copies, seeds: seeds, by: denoiser)).logDensities
    #expect(again == found)
    let isotropic = GaussianStatistics(mean: [0, 0, 0], basis: [], eigenvalues: [], remainder: 0.5, on: backend)
    let single = try #require(
      try likelihood(of: samples, seeds: [7, 8, 9, 10], by: GaussianDenoiser(isotropic))
    ).logDensities
    for (value, point) in zip(single, points) {
      #expect(abs(value - density(point, variances: [0.5, 0.5, 0.5])) / 3 < bits)
    }
  }

  @Test("A smaller tolerance takes more evaluations, and a stop ends it")
  func tolerance() throws {
    let denoiser = GaussianDenoiser(gaussian(mean: 0))
    let evaluations = try [1e-2, 1e-6].map { tolerance in
      try #require(
        try Likelihood(on: .edm(), tolerance: tolerance)(of: samples, seeds: [0, 1, 2, 3], by: denoiser)
      ).evaluations
    }
    #expect(evaluations[0] < evaluations[1])
    #expect(
      try Likelihood(on: .edm())(of: samples, seeds: [0, 1, 2, 3], by: denoiser, shouldStop: { $0 > 0.5 }) == nil)
  }

  @Test("Derivatives of exact denoisers are differences")
  func derivatives() throws {
    let level = NoiseLevel(karrasSigma: 0.7, timestep: 0), v = Tensor([0.3, -1, 0.5], shape: [1, 3], on: backend)
    let mixture = GaussianMixtureDenoiser(
      centres: [0.9, 0.4, -0.5, -0.9, 0.1, 0.5, 0.2, -1, 0.3], weights: [1, 2, 0.5], dimension: 3, variance: 0.1,
      on: backend)
    for denoiser in [mixture, GaussianDenoiser(gaussian(mean: 0.3))] as [any DifferentiableDenoiser] {
      let x: [Float] = [0.25, -0.125, 0.5]
      let pulled = try denoiser.differentiablePrediction(Tensor(x, shape: [1, 3], on: backend), at: level)
        .denoisedPullback(of: v).values()
      for axis in 0..<3 {
        let sides = try [1, -1].map { (side: Float) in
          var moved = x
          moved[axis] += side * 0x1p-7
          let output = try denoiser.prediction(Tensor(moved, shape: [1, 3], on: backend), at: level).denoised.values()
          return zip(output, [0.3, -1, 0.5]).reduce(0.0) { $0 + Double($1.0) * $1.1 }
        }
        #expect(abs((sides[0] - sides[1]) / 0x1p-6 - Double(pulled[axis])) < 1e-4)
      }
    }
  }
}
