public import Tensors

/// The multistep DPM-Solvers (Lu and others 2022), of order one to three, deterministic or stochastic.
///
/// One evaluation a step. A step to the clean data is of first order. The stochastic methods draw in every step that ends
/// at a noisy level.
public struct DPMSolverMultistepSampler: Sampler {
  /// What is integrated.
  public let algorithm: DPMSolverAlgorithm
  /// How derivatives are weighted, at second order.
  public let type: DPMSolverType
  /// The order of the solver, one to three.
  public let solverOrder: Int
  /// Whether the order falls towards the end of a grid of fewer than 15 steps.
  public let lowersFinalOrder: Bool
  /// Whether the last step is of first order in any case.
  public let endsWithFirstOrder: Bool
  /// Whether the third-order method takes the whole second derivative.
  ///
  /// The authors' code and diffusers take half of it,
  /// and converge with second order only (measured in the tests).
  public let takesWholeSecondDerivative: Bool
  /// The limit of the estimate of the clean data: clipping or thresholding.
  public let limit: DenoisedLimit

  /// A sampler.
  public init(
    algorithm: DPMSolverAlgorithm = .dataPrediction, type: DPMSolverType = .midpoint, order: Int = 2,
    lowersFinalOrder: Bool = true, endsWithFirstOrder: Bool = false, takesWholeSecondDerivative: Bool = false,
    limit: DenoisedLimit = .none
  ) {
    precondition((1...3).contains(order), "the order is one to three")
    self.algorithm = algorithm
    self.type = type
    solverOrder = order
    self.lowersFinalOrder = lowersFinalOrder
    self.endsWithFirstOrder = endsWithFirstOrder
    self.takesWholeSecondDerivative = takesWholeSecondDerivative
    self.limit = limit
  }

  /// The solver's, but two at most with half a second derivative or with noise.
  public var order: Int {
    takesWholeSecondDerivative && !algorithm.isStochastic ? solverOrder : min(solverOrder, 2)
  }

  /// Lower at the end of a short grid; two at most for `sde-dpmsolver`, which has no third order.
  public func order(ofStep index: Int, of count: Int) -> Int {
    let left = count - index
    let lowers = lowersFinalOrder && count < 15
    if left == 1 && (endsWithFirstOrder || lowers) { return 1 }
    let order = algorithm == .stochasticNoisePrediction ? min(solverOrder, 2) : solverOrder
    return lowers ? min(order, left) : order
  }

  /// Evaluates once and extrapolates over the last evaluations.
  public func step(
    _ x: Tensor, _ step: SamplingStep, denoiser: any Denoiser, noise: StepNoise, state: inout SamplerState
  ) throws -> SamplerUpdate {
    let prediction = try evaluate(denoiser, x, at: step.from).prediction
    let (value, denoised) = try solverValue(of: prediction, algorithm: algorithm, limit: limit)
    state.remember(value, limit: solverOrder)
    let reached = step.reachableOrder(remembered: state.values.count)
    let kind = reached == 3 ? .heun : type
    let factors = DPMSolverFactors(algorithm, kind, from: step.from, to: step.to)
    let weights = weights(factors, step, order: reached)
    var terms = [(factors.state, x)] + zip(weights, state.values).map { ($0, $1) }
    if algorithm.isStochastic && step.to.sigma > 0 { terms.append((factors.noise, try noise.normals())) }
    return SamplerUpdate(.combination(terms), prediction, limited: denoised)
  }

  /// The weights of the remembered values, newest first: backward differences put in place of the derivatives.
  private func weights(_ factors: DPMSolverFactors, _ step: SamplingStep, order: Int) -> [Double] {
    let h = step.to.lambda - step.from.lambda
    guard order > 1, h != 0 else { return [factors.value] }
    let r0 = (step.from.lambda - step.previous[0].lambda) / h
    guard order > 2 else { return [factors.value + factors.first / r0, -factors.first / r0] }
    let r1 = (step.previous[0].lambda - step.previous[1].lambda) / h
    // D1 = (1 + q) d0 - q d1 and D2 = (d0 - d1) / (r0 + r1), of d0 = (m0 - m1) / r0 and d1 = (m1 - m2) / r1.
    let q = r0 / (r0 + r1)
    let second = factors.second * (takesWholeSecondDerivative ? 2 : 1) / (r0 + r1)
    let d0 = factors.first * (1 + q) + second
    let d1 = -factors.first * q - second
    return [factors.value + d0 / r0, -d0 / r0 + d1 / r1, -d1 / r1]
  }
}

extension Sampler {
  /// What a DPM-Solver combines: the estimate of the clean data within its limits, or the noise it implies.
  func solverValue(
    of prediction: Prediction, algorithm: DPMSolverAlgorithm, limit: DenoisedLimit
  ) throws -> (value: Tensor, denoised: Tensor?) {
    guard algorithm.predictsData else {
      let (noise, denoised) = try limitedNoise(prediction, limit)
      return (noise, denoised)
    }
    let denoised = try limit.apply(to: prediction.denoised)
    return (denoised, denoised)
  }
}
