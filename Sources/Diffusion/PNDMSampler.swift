public import Tensors

/// Pseudo numerical methods on the flow of a diffusion model (Liu and others 2022): each stage moves along a constant
/// noise exactly, and a classical method says which noise.
///
/// What a step does follows from its ``SamplingStep/inner`` levels:
///
/// - none: a linear multistep method of up to fourth order over the noises remembered (Adams and Bashforth);
/// - `[t1, base]`: a first step of two evaluations, there and at the target, then a step from `base` along their mean;
/// - `[middle1, middle2, end]`: a Runge-Kutta step of four evaluations, at `from`, twice at `middle2` and at `end`.
///
/// Network outputs, not noises, are combined, as in diffusers; the combination is turned into noise at the step's start.
public struct PNDMSampler: Sampler {
  /// Second order (Liu and others 2022, theorem 3.1), whatever the classical method's.
  public var order: Int { 2 }

  /// A sampler.
  public init() {}

  /// Takes one step of whichever kind the grid asks for.
  public func step(
    _ x: Tensor, _ step: SamplingStep, denoiser: any Denoiser, noise: StepNoise, state: inout SamplerState
  ) throws -> SamplerUpdate {
    let first = try evaluate(denoiser, x, at: step.from).prediction
    state.remember(output(of: first), limit: 4)
    let combined: Tensor
    var base = step.from
    switch step.inner.count {
    case 3:
      combined = try rungeKutta(x, step, first, denoiser)
    case 2:
      base = step.inner[1]
      let guess = move(x, output(of: first), of: first, from: step.from, to: step.inner[0])
      let second = try evaluate(denoiser, guess, at: step.to).prediction
      combined = .combination([(0.5, output(of: first)), (0.5, output(of: second))])
    default:
      combined = .combination(zip(Self.weights[state.values.count - 1], state.values).map { ($0, $1) })
    }
    return SamplerUpdate(move(x, combined, of: first, from: base, to: step.to), first)
  }

  /// The weights of Adams and Bashforth's methods of order one to four, newest first.
  private static let weights: [[Double]] = [
    [1], [3.0 / 2, -1.0 / 2], [23.0 / 12, -16.0 / 12, 5.0 / 12], [55.0 / 24, -59.0 / 24, 37.0 / 24, -9.0 / 24],
  ]

  /// The mean output over a step of the classical Runge-Kutta method.
  private func rungeKutta(
    _ x: Tensor, _ step: SamplingStep, _ first: Prediction, _ denoiser: any Denoiser
  ) throws -> Tensor {
    let (middle, end) = (step.inner[1], step.inner[2])
    let outputs = try [(step.inner[0], middle), (middle, middle), (step.to, end)].reduce(into: [output(of: first)]) {
      let guess = move(x, $0[$0.count - 1], of: first, from: step.from, to: $1.0)
      $0.append(output(of: try evaluate(denoiser, guess, at: $1.1).prediction))
    }
    return .combination(zip([1.0 / 6, 1.0 / 3, 1.0 / 3, 1.0 / 6], outputs).map { ($0, $1) })
  }

  /// The value that the history keeps of a prediction: the velocity if the network predicts that, and the noise otherwise.
  private func output(of prediction: Prediction) -> Tensor {
    isVelocity(prediction) ? prediction.output : prediction.noise
  }

  private func isVelocity(_ prediction: Prediction) -> Bool { prediction.parametrization == .predicts(.velocity) }

  /// Carries a state along the noise in a combination of outputs.
  private func move(
    _ x: Tensor, _ output: Tensor, of first: Prediction, from: NoiseLevel, to: NoiseLevel
  ) -> Tensor {
    let kind: PredictionType = isVelocity(first) ? .velocity : .epsilon
    return carry(x, noise: Prediction(x: x, level: from, output: output, type: kind).noise, from: from, to: to)
  }
}
