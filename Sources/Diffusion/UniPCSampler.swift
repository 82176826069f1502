import Foundation
public import Tensors

/// The unified predictor and corrector (Zhao and others 2023), of any order up to six.
///
/// Each evaluation first corrects the state that was predicted for it and then predicts the next one. One evaluation a
/// step; a step to the clean data is of first order.
public struct UniPCSampler: Sampler {
  /// The function `B(h)` by which the differences are scaled (Zhao and others 2023, section 3.1).
  public enum SolverType: String, Sendable, Hashable, CaseIterable {
    /// `B(h) = h`.
    case bh1
    /// `B(h) = exp(h) - 1`.
    case bh2
  }

  /// The scaling of the differences.
  public let type: SolverType
  /// The order of the predictor, one to six.
  public let solverOrder: Int
  /// Whether estimates of the clean data are combined, rather than of the noise.
  public let predictsData: Bool
  /// Whether the order falls towards the end of a grid.
  public let lowersFinalOrder: Bool
  /// Steps after which the state is not corrected.
  public let uncorrectedSteps: Set<Int>
  /// The limit of the estimate of the clean data (clipping or thresholding), if the method combines such estimates.
  public let limit: DenoisedLimit

  /// A sampler.
  public init(
    type: SolverType = .bh2, order: Int = 2, predictsData: Bool = true, lowersFinalOrder: Bool = true,
    uncorrectedSteps: Set<Int> = [], limit: DenoisedLimit = .none
  ) {
    precondition((1...6).contains(order), "the order is one to six")
    self.type = type
    solverOrder = order
    self.predictsData = predictsData
    self.lowersFinalOrder = lowersFinalOrder
    self.uncorrectedSteps = uncorrectedSteps
    self.limit = limit
  }

  /// One more than the predictor's where states are corrected, but two at most where the last step is of first order, and
  /// three at most in any case, since the first corrected step is of second order.
  public var order: Int {
    let reached = uncorrectedSteps.isEmpty ? min(solverOrder + 1, max(3, solverOrder)) : solverOrder
    return lowersFinalOrder ? min(reached, 2) : reached
  }

  /// Lower at the end of a grid.
  public func order(ofStep index: Int, of count: Int) -> Int {
    lowersFinalOrder ? min(solverOrder, count - index) : solverOrder
  }

  /// Evaluates once, corrects the state and predicts the next.
  public func step(
    _ x: Tensor, _ step: SamplingStep, denoiser: any Denoiser, noise: StepNoise, state: inout SamplerState
  ) throws -> SamplerUpdate {
    let prediction = try evaluate(denoiser, x, at: step.from).prediction
    let value: Tensor
    var denoised: Tensor?
    if predictsData {
      value = try limit.apply(to: prediction.denoised)
      denoised = value
    } else {
      value = prediction.noise
    }
    var x = x
    if let start = state.anchor, !uncorrectedSteps.contains(step.index - 1) {
      let levels = Array(step.previous.prefix(state.order))
      x = advance(start, state.values, levels: levels, to: step.from, newest: value)
    }
    state.remember(value, limit: solverOrder)
    state.anchor = x
    state.order = step.reachableOrder(remembered: state.values.count)
    let levels = [step.from] + step.previous.prefix(state.order - 1)
    return SamplerUpdate(
      advance(x, state.values, levels: levels, to: step.to, newest: nil), prediction, limited: denoised)
  }

  /// One exponential step from `levels[0]` to a level, over the values at `levels` and, to correct, the value at the end.
  private func advance(
    _ x: Tensor, _ values: [Tensor], levels: [NoiseLevel], to: NoiseLevel, newest: Tensor?
  ) -> Tensor {
    let from = levels[0]
    let h = to.lambda - from.lambda
    guard h != 0 else { return x }
    let signedStep = predictsData ? -h : h
    let (amplitude, kept) =
      predictsData ? (to.alpha, to.sigma / from.sigma) : (to.sigma, to.alpha / from.alpha)
    // A noise prediction's sigma' (exp(h) - 1), written so that a clean end is no infinity.
    let gain = predictsData ? to.alpha * expm1(signedStep) : to.alpha * from.sigma / from.alpha - to.sigma
    var nodes = levels.dropFirst().map { ($0.lambda - from.lambda) / h }
    if newest != nil { nodes.append(1) }
    let scale = type == .bh1 ? signedStep : expm1(signedStep)
    let weights = self.weights(nodes: nodes, step: signedStep, scale: scale, corrects: newest != nil)
    var terms = [(kept, x)]
    var baseWeight = -gain
    for (index, weight) in weights.enumerated() {
      let factor = -amplitude * scale * weight / nodes[index]
      baseWeight -= factor
      let value = index + 1 < levels.count ? values[index + 1] : newest
      if let value { terms.append((factor, value)) }
    }
    terms.append((baseWeight, values[0]))
    return .combination(terms)
  }

  /// The weights of the scaled differences that make the step exact for polynomials (Zhao and others 2023, theorem 3.1);
  /// one half where there is a single difference and the closed form is customary.
  private func weights(nodes: [Double], step: Double, scale: Double, corrects: Bool) -> [Double] {
    guard !nodes.isEmpty else { return [] }
    guard nodes.count > 1 else { return [0.5] }
    var integral = expm1(step) / step - 1
    var factorial = 1.0
    var moments: [Double] = []
    for power in 1...nodes.count {
      moments.append(integral * factorial / scale)
      factorial *= Double(power + 1)
      integral = integral / step - 1 / factorial
    }
    return Self.solve(powers: nodes, moments: moments)
  }

  /// Solves `sum over j of nodes[j]^i w[j] = moments[i]` by elimination with pivots.
  private static func solve(powers nodes: [Double], moments: [Double]) -> [Double] {
    let count = nodes.count
    var rows = (0..<count).map { power in nodes.map { pow($0, Double(power)) } + [moments[power]] }
    for column in 0..<count {
      let pivot = (column..<count).max { abs(rows[$0][column]) < abs(rows[$1][column]) } ?? column
      rows.swapAt(column, pivot)
      for row in column + 1..<max(count, column + 1) {
        let factor = rows[row][column] / rows[column][column]
        for entry in column...count { rows[row][entry] -= factor * rows[column][entry] }
      }
    }
    var solution = [Double](repeating: 0, count: count)
    for row in (0..<count).reversed() {
      let known = (row + 1..<max(count, row + 1)).reduce(0.0) { $0 + rows[row][$1] * solution[$1] }
      solution[row] = (rows[row][count] - known) / rows[row][row]
    }
    return solution
  }
}
