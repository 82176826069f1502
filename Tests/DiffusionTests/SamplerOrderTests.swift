import Diffusion
import Testing

/// Orders of convergence on data whose probability flow is known: a Gaussian with three different variances.
@Suite("Orders of convergence")
struct SamplerOrderTests {
  private func expectOrder(
    _ sampler: any Sampler, _ order: Double, steps: [Int] = [16, 32, 64], type: PredictionType = .epsilon,
    location: SourceLocation = #_sourceLocation
  ) throws {
    let slope = try FlowError(type: type).slope(of: sampler, steps: steps)
    #expect(abs(slope + order) <= 0.3, "slope \(slope)", sourceLocation: location)
  }

  /// The samplers that add noise, whose order is that of their samples' moments.
  private static let stochastic: Set<SamplerName> = [.ddpm, .eulerAncestral, .dpmStochastic2, .predictorCorrector]

  @Test("Every sampler that can be asked for by name has the order it says", arguments: SamplerName.allCases)
  func everySampler(name: SamplerName) throws {
    // The lengths of Langevin's steps are no function of the number of steps; without them the reverse diffusion is of order one.
    let sampler: any Sampler =
      name == .predictorCorrector ? PredictorCorrectorSampler(corrections: 0) : try name.scheduler().sampler
    let slope =
      Self.stochastic.contains(name)
      ? try WeakError().slope(of: sampler, steps: [16, 32, 64, 128])
      : try FlowError().slope(of: sampler, steps: [18, 30, 48, 80])
    #expect(abs(slope + Double(sampler.order)) <= 0.3, "slope \(slope)")
  }

  @Test("DDIM with noise is of weak order one", arguments: [0.3, 1])
  func noisyDDIM(eta: Double) throws {
    let sampler = try SamplerName.ddim.scheduler(options: .init(eta: eta)).sampler
    let slope = try WeakError().slope(of: sampler, steps: [16, 32, 64, 128])
    #expect(abs(slope + Double(sampler.order)) <= 0.3, "slope \(slope)")
  }

  @Test("DPM-Solvers with noise have the weak order they say", arguments: 1...2)
  func noisyDPMSolvers(order: Int) throws {
    let samplers: [any Sampler] = [
      DPMSolverMultistepSampler(algorithm: .stochasticDataPrediction, order: order),
      DPMSolverSinglestepSampler(algorithm: .stochasticDataPrediction, order: order, endsClean: false),
    ]
    for sampler in samplers {
      let slope = try WeakError().slope(of: sampler, steps: [16, 32, 64, 128])
      #expect(abs(slope + Double(sampler.order)) <= 0.3, "slope \(slope) of \(sampler)")
    }
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
