import Compute
import ComputeCPU
import Diffusion
import Foundation
import SymmetryBreaking
import Tensors
import Testing

/// Points at 1 and -1 of any shares, by quadrature: what the curves of denoising errors must say.
private struct TwoShares {
  let share: Double
  var mean: Double { 2 * share - 1 }
  var variance: Double { 1 - mean * mean }

  /// The sum of a function over a normal's density, by trapezoids over nine deviations, where they converge geometrically.
  private static func expectation(_ function: (Double) -> Double) -> Double {
    let step = 0.01
    return (-900...900).reduce(0) { sum, index in
      let z = Double(index) * step
      return sum + step * exp(-z * z / 2) / (2 * Double.pi).squareRoot() * function(z)
    }
  }

  /// The exact mean squared error.
  func error(_ ratio: Double) -> Double {
    let root = ratio.squareRoot(), logit = log(share / (1 - share)) / 2
    return [(1.0, share), (-1, 1 - share)].reduce(0) { sum, point in
      sum + point.1 * Self.expectation { 1 - pow(tanh(ratio * point.0 + root * $0 + logit), 2) }
    }
  }

  func density(_ x: Double, theta: Double) -> Double {
    let noise = 1 - theta * theta
    func normal(_ centre: Double) -> Double {
      exp(-(x - centre) * (x - centre) / (2 * noise)) / (2 * .pi * noise).squareRoot()
    }
    return share * normal(theta) + (1 - share) * normal(-theta)
  }

  func gaussian(_ x: Double, theta: Double) -> Double {
    let spread = theta * theta * variance + 1 - theta * theta, distance = x - theta * mean
    return exp(-distance * distance / (2 * spread)) / (2 * .pi * spread).squareRoot()
  }

  /// `KL(noised data || Gaussian)`, or the other way round.
  func divergence(theta: Double, reversed: Bool = false) -> Double {
    let step = 0.001
    return (-6000...6000).reduce(0) { sum, index in
      let x = Double(index) * step, p = density(x, theta: theta), q = gaussian(x, theta: theta)
      return sum + step * (reversed ? q * log(q / p) : p * log(p / q))
    }
  }
}

@Suite("Start times from denoising errors", .serialized)
struct StartTimeTests {
  private static let cases = [(0.5, 0.6436, 3.8187e-3), (0.8, 0.8, 4.7455e-2)]
  private static let schedule = NoiseSchedule.linear()

  private static func ratio(_ theta: Double) -> Double { theta * theta / (1 - theta * theta) }

  private static func curve(
    of levels: [NoiseLevel], source: DenoisingCurve.Source = .data, _ errors: (Double) -> (linear: Double, gain: Double)
  ) -> DenoisingCurve {
    DenoisingCurve(
      levels: levels.map { level in
        let ratio = level.signalToNoise, found = errors(ratio)
        return .init(
          step: Int(level.timestep), signalToNoise: ratio, linearError: found.linear, difference: found.gain,
          standardError: 0)
      }, source: source)
  }

  @Test("The integral of exact errors is the divergence by quadrature, to 1 %", arguments: cases)
  func divergence(share: Double, theta: Double, nats: Double) {
    let world = TwoShares(share: share), levels = Self.schedule.levels(24, detail: 4)
    let curve = Self.curve(of: levels) { ratio in
      let linear = world.variance / (1 + ratio * world.variance)
      return (linear, linear - world.error(ratio))
    }
    let expected = world.divergence(theta: theta)
    #expect(abs(expected / nats - 1) < 1e-3)
    #expect(abs(curve.divergence(at: Self.ratio(theta)) / expected - 1) < 0.01)
    #expect(curve.unclippedDivergence(at: Self.ratio(theta)) == curve.divergence(at: Self.ratio(theta)))
  }

  @Test(
    "Draws give it within their standard errors, and so do draws of the Gaussian the other way round", arguments: cases)
  func draws(share: Double, theta: Double, nats: Double) throws {
    let backend = try CPUBackend(), world = TwoShares(share: share), points = UnequalPoints(share: share),
      count = 20_000
    let levels = Self.schedule.levels(24, detail: 4), statistics = points.statistics(on: backend)
    func noise(_ draw: UInt32) -> Tensor {
      .noise([count], seeds: [7], key: .init(step: 0, draw: draw), on: backend).reshaped([count, 1])
    }
    for source in [DenoisingCurve.Source.data, .gaussian] {
      let heads = Int((share * Double(count)).rounded())
      let data = Tensor((0..<count).map { $0 < heads ? 1 : -1 }, shape: [count, 1], on: backend)
      let clean = source == .data ? data : statistics.gaussianState(from: noise(1), at: .clean)
      var errors = DenoisingErrors(levels: levels, source: source)
      #expect(
        try errors.add(clean, noise: noise(0), denoiser: points.denoiser(on: backend), statistics: statistics))
      let curve = errors.curve(statistics: statistics)
      let expected = world.divergence(theta: theta, reversed: source == .gaussian)
      let found = curve.divergence(at: Self.ratio(theta))
      let error = curve.standardErrors(of: errors.differences, at: [Self.ratio(theta)])[0]
      #expect(abs(found - expected) < 4 * error + 0.01 * expected, "\(found) +- \(error), \(expected)")
      #expect(error > 0 && error < 0.1 * expected, "draws that say something")
      #expect(curve.unclippedDivergence(at: Self.ratio(theta)) <= found)
    }
  }

  @Test("A run that is stopped adds nothing")
  func stop() throws {
    let backend = try CPUBackend(), points = UnequalPoints()
    var errors = DenoisingErrors(levels: Self.schedule.levels(20, detail: 4)), asked = 0
    let clean = Tensor([1, -1], shape: [2, 1], on: backend)
    let isWhole = try errors.add(
      clean, noise: clean, denoiser: points.denoiser(on: backend), statistics: points.statistics(on: backend)
    ) {
      asked += 1
      return asked == 5
    }
    #expect(!isWhole && errors.draws == 0 && asked == 5)
  }

  @Test("Steps of Gaussian data lose what logarithms say", arguments: [SamplerName.ddim, .dpmMultistep2, .heun, .pndm])
  func discretization(name: SamplerName) throws {
    let variances = [9.0, 1, 0.04], levels = Self.schedule.levels(24, detail: 4), scheduler = try name.scheduler()
    let curve = Self.curve(of: levels) { ratio in (variances.reduce(0) { $0 + $1 / (1 + ratio * $1) }, 0) }
    for steps in [1, 3, 10] {
      let plan = try scheduler.plan(steps: steps, startingAt: 600)
      let visited =
        Set(plan.steps.flatMap { [$0.from] + $0.inner }.map(\.signalToNoise)).filter { $0 < 4 }.sorted() + [4]
      let expected = zip(visited, visited.dropFirst()).reduce(0.0) { sum, step in
        variances.reduce(sum) { sum, l in
          sum + ((step.1 - step.0) * l / (1 + step.0 * l) - log((1 + step.1 * l) / (1 + step.0 * l))) / 2
        }
      }
      let found = curve.discretization(visiting: visited, detail: 4)
      #expect(abs(found / expected - 1) < 2e-3, "\(steps) steps: \(found), \(expected)")
    }
  }

  @Test("The crossover is where the difference changes its sign", arguments: [0.003, 0.05, 1.2])
  func crossover(ratio: Double) throws {
    let levels = Self.schedule.levels(24, detail: 4)
    let curve = Self.curve(of: levels) { (5, log($0 / ratio)) }
    #expect(abs(try #require(curve.crossover(detail: 4)) / ratio - 1) < 0.01)
    let step = try #require(StartTime(curve, on: Self.schedule).crossover)
    #expect(abs(Self.schedule.level(at: step).signalToNoise / ratio - 1) < 0.03)
    let guided = try #require(StartTime(curve, on: Self.schedule).guidanceInterval)
    #expect(guided.upperBound == step && Self.schedule.level(at: guided.lowerBound).signalToNoise < 4)
    #expect(Self.schedule.level(at: guided.lowerBound - 1).signalToNoise >= 4)
    #expect(Self.curve(of: levels) { _ in (5, -1) }.crossover(detail: 4) == nil)
    #expect(StartTime(Self.curve(of: levels) { _ in (5, 1) }, on: Self.schedule).crossover == 999)
    #expect(StartTime(Self.curve(of: levels, source: .gaussian) { _ in (5, -1) }, on: Self.schedule).crossover == 999)
  }

  @Test("The start costs least and is never above the crossover; one step starts later than fifty")
  func choice() throws {
    let world = TwoShares(share: 0.8), scheduler = try SamplerName.ddim.scheduler()
    let curve = Self.curve(of: Self.schedule.levels(24, detail: 4)) { ratio in
      let linear = world.variance / (1 + ratio * world.variance)
      return (linear, linear - world.error(ratio) - 1e-4)
    }
    let times = StartTime(curve, on: Self.schedule), crossover = try #require(times.crossover)
    var starts: [Int] = []
    for steps in [50, 10, 5, 3, 1] {
      let choice = try #require(times.choice(steps: steps, scheduler)), costs = times.costs(steps: steps, scheduler)
      let best = try #require(costs.map(\.sum).min())
      #expect(costs.first { $0.start == choice.start }?.sum == best)
      #expect(costs.allSatisfy { choice.interval.contains($0.start) || $0.sum > 1.1 * best })
      #expect(choice.start <= crossover && choice.interval.contains(choice.start))
      starts.append(choice.start)
    }
    // In between the grids' own roundings decide as well.
    #expect(starts[4] < starts[0], "\(starts)")
    #expect(times.choice(steps: 2000, scheduler) == nil, "a grid that does not take so many")
  }

  @Test("Levels are even in the logarithm of the ratio, up to whole training steps")
  func levels() {
    let ratios = Self.schedule.levels(24, detail: 4).map { log($0.signalToNoise) }
    #expect(ratios.count == 24 && ratios[0] == log(Self.schedule.level(at: 999).signalToNoise))
    #expect(ratios[23] >= log(4) && ratios[23] < log(4.1))
    let gaps = zip(ratios, ratios.dropFirst()).map { $1 - $0 }
    #expect(gaps.allSatisfy { abs($0 - (ratios[23] - ratios[0]) / 23) < 0.03 })
    // Nothing of the data is left at the last step of this one.
    let rescaled = NoiseSchedule(.linear(from: 1e-4, to: 0.02), count: 1000, rescalesToZeroSignal: true)
    #expect(rescaled.levels(24, detail: 4).first?.timestep == 998)
    #expect(NoiseSchedule.linear(count: 10).levels(24, detail: 4).count <= 10)
  }
}
