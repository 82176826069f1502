import Compute
public import Diffusion
import Networks
public import Tensors

extension NetworkDenoiser: DifferentiableDenoiser {
  /// Evaluates the network once with a tape, which keeps what all layers need.
  public func differentiablePrediction(_ x: Tensor, at level: NoiseLevel) throws -> DifferentiablePrediction {
    precondition(guidance == 1, "a guided network's derivatives are not taken")
    let given = parametrization.input(at: level), input = Self.input(given, of: x)
    let tape = Tape(on: x.backend, watchesParameters: false)
    tape.watch(input)
    let result = try network.forward(input, timesteps: [given.time], classLabels: classLabels, tape: tape)
    let factors = network.outputFactors(Array(repeating: given.time, count: x.rows))
    let raw = result.tensor(), output = factors.map { raw.scaledRows(by: $0) } ?? raw
    // Halves of a sample's channels follow each other; the second is a variance, which the estimate does not depend on.
    let isWide = output.count == 2 * x.count
    let means = isWide ? Self.rows(of: output, twice: x).selectingRows((0..<x.rows).map { 2 * $0 }) : output
    let prediction = Prediction(
      x: x, level: level, output: means.reshaped(x.shape), parametrization: parametrization)
    return DifferentiablePrediction(prediction) { v in
      var gradient = factors.map { v.scaledRows(by: $0) } ?? v
      if isWide { gradient = Self.widened(gradient, to: output.shape) }
      tape.backward(from: result, gradient: gradient, keepsRecord: true)
      return tape.takeGradient(of: input).scaled(by: given.factor)
    }
  }

  /// Twice the rows, each half as wide.
  private static func rows(of output: Tensor, twice x: Tensor) -> Tensor {
    output.reshaped([2 * x.rows] + x.shape.dropFirst())
  }

  /// Gradients of the first half of the channels, with zeros for the second.
  private static func widened(_ gradient: Tensor, to shape: [Int]) -> Tensor {
    let rows = (0..<2 * gradient.rows).map { $0 / 2 }
    return gradient.selectingRows(rows).scaledRows(by: rows.indices.map { $0 % 2 == 0 ? 1 : 0 }).reshaped(shape)
  }
}
