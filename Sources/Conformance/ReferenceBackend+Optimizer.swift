public import Compute
import Foundation

extension ReferenceBackend {
  /// Computes `out[r] = sum over i of x[r, i]^2`.
  public func sumSquares(_ source: Buffer, into destination: Buffer) {
    checkSumSquares(source, destination)
    let (length, values) = (source.count / destination.count, source.values)
    destination.values = (0..<destination.count).map { row in
      values[row * length..<(row + 1) * length].reduce(0) { $0 + $1 * $1 }
    }
  }

  /// The formulas of the step, value by value.
  public func adamStep(_ step: AdamStep, gradient: Buffer, _ state: AdamState) {
    state.check(gradient: gradient)
    var (values, first, second) = (state.values.values, state.firstMoment.values, state.secondMoment.values)
    var average = state.average.values
    for (index, value) in gradient.values.enumerated() {
      let g = step.gradientScale * value
      first[index] = step.beta1 * first[index] + (1 - step.beta1) * g
      second[index] = step.beta2 * second[index] + (1 - step.beta2) * g * g
      let deviation = (second[index] * step.secondCorrection).squareRoot() + step.epsilon
      values[index] -= step.learningRate * step.weightDecay * values[index]
      values[index] -= step.correctedRate * first[index] / deviation
      average[index] = step.emaDecay * average[index] + (1 - step.emaDecay) * values[index]
    }
    state.values.values = values
    state.firstMoment.values = first
    state.secondMoment.values = second
    state.average.values = average
  }
}
