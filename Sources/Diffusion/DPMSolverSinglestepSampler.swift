public import Tensors

/// The singlestep DPM-Solvers (Lu and others 2022): groups of one to three steps that all begin at the same state.
///
/// A step of order `k` is the last stage of a group that began `k - 1` steps before; steps of order one begin a group.
/// One evaluation a step. The stochastic method draws in every step that ends at a noisy level.
public struct DPMSolverSinglestepSampler: Sampler {
  /// What is integrated.
  public let algorithm: DPMSolverAlgorithm
  /// How derivatives are weighted.
  public let type: DPMSolverType
  /// The order of the solver, one to three.
  public let solverOrder: Int
  /// Whether the last group is shorter, so that any number of steps fits; without it a grid that needs it has it.
  public let lowersFinalOrder: Bool
  /// Whether the grid ends at the clean data, which the last step reaches with first order.
  public let endsClean: Bool
  /// The limit of the estimate of the clean data: clipping or thresholding.
  public let limit: DenoisedLimit

  /// A sampler.
  public init(
    algorithm: DPMSolverAlgorithm = .dataPrediction, type: DPMSolverType = .midpoint, order: Int = 2,
    lowersFinalOrder: Bool = false, endsClean: Bool = true, limit: DenoisedLimit = .none
  ) {
    precondition((1...3).contains(order), "the order is one to three")
    precondition(algorithm != .stochasticNoisePrediction, "the singlestep solvers have no sde-dpmsolver")
    self.algorithm = algorithm
    self.type = type
    solverOrder = order
    self.lowersFinalOrder = lowersFinalOrder
    self.endsClean = endsClean
    self.limit = limit
  }

  /// The solver's, but two at most where the last step is of first order, or without a second derivative
  /// (``DPMSolverType/midpoint``); one with noise, which each stage of a group draws for itself.
  public var order: Int {
    if algorithm.isStochastic { return 1 }
    return endsClean || lowersFinalOrder || type == .midpoint ? min(solverOrder, 2) : solverOrder
  }

  /// One to ``solverOrder`` in turn, with shorter groups at the end.
  public func order(ofStep index: Int, of count: Int) -> Int {
    if endsClean && index == count - 1 { return 1 }
    guard lowersFinalOrder || endsClean || count % solverOrder != 0 else { return index % solverOrder + 1 }
    // The last group holds 1 to `solverOrder - 1` steps, the one before it is complete; orders of whole groups are split up.
    let whole = count % solverOrder == 0 ? count - solverOrder : count - count % solverOrder
    let place = index < whole ? index % solverOrder : index - whole
    return place == solverOrder - 1 && index >= whole ? 1 : place + 1
  }

  /// Evaluates once and moves from the state at which the group began.
  public func step(
    _ x: Tensor, _ step: SamplingStep, denoiser: any Denoiser, noise: StepNoise, state: inout SamplerState
  ) throws -> SamplerUpdate {
    let prediction = try evaluate(denoiser, x, at: step.from).prediction
    let (value, denoised) = try solverValue(of: prediction, algorithm: algorithm, limit: limit)
    state.remember(value, limit: solverOrder)
    let reached = step.to.sigma == 0 ? 1 : min(step.order, state.values.count)
    if reached == 1 { state.anchor = x }
    guard let anchor = state.anchor else { preconditionFailure("a group of steps begins with one of order one") }
    let base = reached == 1 ? step.from : step.previous[reached - 2]
    let kind = reached == 3 ? .heun : type
    let factors = DPMSolverFactors(algorithm, kind, from: base, to: step.to)
    let weights = weights(factors, step, base: base, order: reached)
    var terms = [(factors.state, anchor)] + zip(weights, state.values).map { ($0, $1) }
    if algorithm.isStochastic && step.to.sigma > 0 { terms.append((factors.noise, try noise.normals())) }
    return SamplerUpdate(.combination(terms), prediction, limited: denoised)
  }

  /// The weights of the group's values, newest first: differences from its first value put in place of the derivatives.
  private func weights(_ factors: DPMSolverFactors, _ step: SamplingStep, base: NoiseLevel, order: Int) -> [Double] {
    let h = step.to.lambda - base.lambda
    let r0 = (step.from.lambda - base.lambda) / h
    // Stages of no length between levels that a grid repeats bring no derivative.
    guard order > 1, h != 0, r0 != 0 else { return [factors.value] }
    guard order > 2 else { return [factors.first / r0, factors.value - factors.first / r0] }
    let r1 = (step.previous[0].lambda - base.lambda) / h
    guard type == .heun, r1 != 0, r1 != r0 else { return [factors.first / r0, 0, factors.value - factors.first / r0] }
    // D1 = (r0 d1 - r1 d0) / (r0 - r1) and D2 = 2 (d0 - d1) / (r0 - r1), of d0 = (m0 - m2) / r0 and d1 = (m1 - m2) / r1.
    let d0 = (2 * factors.second - factors.first * r1) / (r0 - r1)
    let d1 = (factors.first * r0 - 2 * factors.second) / (r0 - r1)
    return [d0 / r0, d1 / r1, factors.value - d0 / r0 - d1 / r1]
  }
}
