import Compute
import Conformance
import Diffusion
import Foundation
import Tensors
import Testing

/// Orders of convergence on data whose probability flow is known: a Gaussian with three different variances.
@Suite("Orders of convergence")
struct SamplerOrderTests {
  private let backend = ReferenceBackend()

  /// The slope of the logarithm of the error against that of the number of steps, between levels evenly spaced in the
  /// logarithm of the noise-to-signal ratio, with the history that a multistep method has in the middle of a run.
  private func slope(of sampler: any Sampler, steps counts: [Int], type: PredictionType) throws -> Double {
    let points = try counts.map { (log(Double($0)), log(try error(of: sampler, steps: $0, type: type))) }
    let meanX = points.map(\.0).reduce(0, +) / Double(points.count)
    let meanY = points.map(\.1).reduce(0, +) / Double(points.count)
    let covariance = points.map { ($0.0 - meanX) * ($0.1 - meanY) }.reduce(0, +)
    return covariance / points.map { ($0.0 - meanX) * ($0.0 - meanX) }.reduce(0, +)
  }

  private func error(of sampler: any Sampler, steps count: Int, type: PredictionType) throws -> Double {
    let flow = GaussianFlow(mean: 0.4, variances: [0.09, 0.5, 1.7], type: type)
    let history = 6
    let levels = (-history...count).map { index in
      NoiseLevel(ratio: 2.5 * pow(0.4 / 2.5, Double(index) / Double(count)), timestep: 0)
    }
    let start = levels[history]
    let exact = { (level: NoiseLevel) in flow.flowed([0.3, -0.8, 1.1], from: start, to: level) }
    let state = { (level: NoiseLevel) in
      // A sum of parts that 32 bits hold, so that the start is right in 64.
      let coarse = exact(level).map { Float($0) }
      let fine = zip(exact(level), coarse).map { Float($0 - Double($1)) }
      let parts = [coarse, fine].map { (1.0, Tensor($0, shape: [1, 3], on: backend)) }
      return Tensor.combination(parts)
    }
    let plan = SamplingPlan(levels: levels, sampler: sampler)
    let noise = StepNoise(RecordedNoise(initial: state(start)), step: 0)
    var memory = SamplerMemory()
    var x = state(start)
    for step in plan.steps {
      // Before the start only the method's memory is filled, along the exact flow.
      if step.index <= history { x = state(step.from) }
      x = try sampler.step(x, step, denoiser: flow, noise: noise, memory: &memory).x
    }
    let target = exact(levels[levels.count - 1])
    let coarse = Tensor(target.map { Float($0) }, shape: [1, 3], on: backend)
    let fine = Tensor(target.map { Float($0 - Double(Float($0))) }, shape: [1, 3], on: backend)
    return try Tensor.combination([(1, x), (-1, coarse), (-1, fine)]).values().map { Double(abs($0)) }.max() ?? 0
  }

  private func expectOrder(
    _ sampler: any Sampler, _ order: Double, steps: [Int] = [16, 32, 64], type: PredictionType = .epsilon,
    location: SourceLocation = #_sourceLocation
  ) throws {
    let slope = try slope(of: sampler, steps: steps, type: type)
    #expect(abs(slope + order) <= 0.3, "slope \(slope)", sourceLocation: location)
  }

  @Test("Euler and DDIM are of first order", arguments: PredictionType.allCases)
  func firstOrder(type: PredictionType) throws {
    try expectOrder(EulerSampler(), 1, type: type)
    try expectOrder(DDIMSampler(), 1, type: type)
    try expectOrder(DPMSolverMultistepSampler(order: 1), 1, type: type)
  }

  @Test("Heun is of second order", arguments: PredictionType.allCases)
  func heun(type: PredictionType) throws {
    try expectOrder(HeunSampler(), 2, type: type)
  }

  @Test("Multistep DPM-Solvers have the order they claim", arguments: 1...3, [false, true])
  func dpmSolverMultistep(order: Int, predictsData: Bool) throws {
    for type in DPMSolverType.allCases {
      let sampler = DPMSolverMultistepSampler(
        algorithm: predictsData ? .dataPrediction : .noisePrediction, type: type, order: order, lowersFinalOrder: false,
        takesWholeSecondDerivative: true)
      try expectOrder(sampler, Double(order), steps: order == 3 ? [18, 27, 40, 60] : [16, 32, 64])
    }
  }

  @Test("The third-order DPM-Solver of the authors' code, with half a second derivative, is of second order")
  func publishedThirdOrder() throws {
    try expectOrder(DPMSolverMultistepSampler(order: 3, lowersFinalOrder: false), 2, steps: [18, 27, 40, 60])
  }

  @Test("Singlestep DPM-Solvers have the order they claim", arguments: 1...3, [false, true])
  func dpmSolverSinglestep(order: Int, predictsData: Bool) throws {
    let sampler = DPMSolverSinglestepSampler(
      algorithm: predictsData ? .dataPrediction : .noisePrediction, type: .heun, order: order, endsClean: false)
    try expectOrder(sampler, Double(order), steps: [12, 18, 24, 36, 48])
  }

  @Test("UniPC has the order it claims, and its corrector adds one", arguments: 1...3, [false, true])
  func uniPC(order: Int, predictsData: Bool) throws {
    for type in UniPCSampler.SolverType.allCases {
      let plain = UniPCSampler(
        type: type, order: order, predictsData: predictsData, lowersFinalOrder: false,
        uncorrectedSteps: Set(-1..<200))
      let corrected = UniPCSampler(type: type, order: order, predictsData: predictsData, lowersFinalOrder: false)
      try expectOrder(plain, Double(order), steps: [12, 18, 27, 40])
      // The first corrected step of a run is of second order, so that no run goes beyond the third.
      if order < 3 { try expectOrder(corrected, Double(order + 1), steps: [12, 18, 27, 40]) }
    }
  }

  @Test("DEIS has the order it claims", arguments: 1...3)
  func deis(order: Int) throws {
    try expectOrder(DEISSampler(order: order, lowersFinalOrder: false), Double(order), steps: [12, 18, 27, 40])
  }

  @Test("LMS has the order it claims", arguments: 1...4)
  func lms(order: Int) throws {
    try expectOrder(LMSSampler(order: order), Double(order), steps: [24, 36, 54, 81])
  }

  @Test("PNDM is of second order")
  func pndm() throws {
    try expectOrder(PNDMSampler(), 2)
  }
}

/// Independent Gaussian values of one mean: their exact denoiser and flow.
struct GaussianFlow: Denoiser {
  let mean: Double
  let variances: [Double]
  let type: PredictionType

  func prediction(_ x: Tensor, at level: NoiseLevel) throws -> Prediction {
    let ones = Tensor(variances.map { _ in 1 }, shape: x.shape, on: x.backend)
    let gains = variances.map { level.alpha * $0 / variance($0, level) }
    // In Double throughout: one column at a time, the others masked out.
    var terms: [(Double, Tensor)] = []
    for (column, gain) in gains.enumerated() {
      let mask = variances.indices.map { Float($0 == column ? 1 : 0) }
      let columnOfX = x.reshaped([variances.count, 1]).scaledRows(by: mask).reshaped(x.shape)
      let columnOfOnes = ones.reshaped([variances.count, 1]).scaledRows(by: mask).reshaped(x.shape)
      terms += [(gain, columnOfX), (mean * (1 - gain * level.alpha), columnOfOnes)]
    }
    let clean = Tensor.combination(terms)
    let noise = Tensor.combination([(1 / level.sigma, x), (-level.alpha / level.sigma, clean)])
    let output =
      switch type {
      case .epsilon: noise
      case .sample: clean
      case .velocity: Tensor.combination([(level.alpha, noise), (-level.sigma, clean)])
      }
    return Prediction(x: x, level: level, output: output, type: type)
  }

  /// `mean' + sqrt(variance' / variance) (x - mean)` of each value.
  func flowed(_ x: [Double], from: NoiseLevel, to: NoiseLevel) -> [Double] {
    zip(x, variances).map { value, clean in
      to.alpha * mean + (variance(clean, to) / variance(clean, from)).squareRoot() * (value - from.alpha * mean)
    }
  }

  private func variance(_ clean: Double, _ level: NoiseLevel) -> Double {
    level.alpha * level.alpha * clean + level.sigma * level.sigma
  }
}
