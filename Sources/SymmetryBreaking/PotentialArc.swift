public import Diffusion
import Foundation
public import Tensors

/// The generative potential along an arc through two states of one noise level, in units of the rate.
///
/// ```
/// x(a) = cos(a) x1 + sin(a) x2        u(a) / beta = integral from 0 to a of (-x / 2 - score(x)) . dx
/// ```
///
/// The first state is at the angle 0, where the potential is zero, the second at `pi / 2`. Between two states of noise the
/// arc keeps their norm, which a straight line would not. Angles run in equal steps from below 0 to beyond `pi / 2`; the
/// default steps meet 0, `pi / 4` and `pi / 2`. Raya and Ambrogioni (2023), figure 1; states have the model's own
/// range, [-1, 1] for clean images.
public struct PotentialArc: Sendable, Hashable {
  /// The angles, rising in equal steps.
  public let angles: [Double]

  /// An arc.
  ///
  /// - Parameters:
  ///   - range: The first and the last angle; 0 lies between them.
  ///   - count: Angles, at least four.
  public init(_ range: ClosedRange<Double> = -0.2 * Double.pi...0.7 * Double.pi, count: Int = 181) {
    precondition(count >= 4 && range.contains(0), "an arc has four angles or more around 0")
    let step = (range.upperBound - range.lowerBound) / Double(count - 1)
    angles = (0..<count).map { range.lowerBound + Double($0) * step }
  }

  /// The states of the arc, a row an angle.
  public func states(from first: [Double], to second: [Double]) -> [[Double]] {
    angles.map { combined(first, second, cos($0), sin($0)) }
  }

  /// The potential at every angle, by a score.
  ///
  /// - Parameters:
  ///   - first: The state at the angle 0.
  ///   - second: The state at the angle `pi / 2`, of the same noise level.
  ///   - score: The gradients of the log density at some states, a row a state; called once.
  public func potential(
    from first: [Double], to second: [Double], score: ([[Double]]) throws -> [[Double]]
  ) rethrows -> [Double] {
    let states = states(from: first, to: second), scores = try score(states)
    let slopes = angles.indices.map { place in
      let tangent = combined(first, second, -sin(angles[place]), cos(angles[place]))
      return zip(tangent, zip(states[place], scores[place])).reduce(0) { $0 - $1.0 * ($1.1.0 / 2 + $1.1.1) }
    }
    return anchored(integral(of: slopes))
  }

  /// The potential at every angle, by any denoiser.
  ///
  /// - Parameters:
  ///   - pair: Two rows, the states at the angles 0 and `pi / 2`.
  ///   - denoiser: An exact denoiser or a network.
  ///   - level: The states' noise level.
  ///   - batch: Rows of one evaluation.
  public func potential(
    through pair: Tensor, of denoiser: any Denoiser, at level: NoiseLevel, batch: Int = 64
  ) throws -> [Double] {
    precondition(pair.rows == 2 && batch > 0, "\(pair.shape) is not two rows")
    let values = try pair.values().map(Double.init), size = values.count / 2
    let first = Array(values[..<size]), second = Array(values[size...])
    return try potential(from: first, to: second) { states in
      try stride(from: 0, to: states.count, by: batch).flatMap { start in
        let part = states[start..<min(start + batch, states.count)]
        let x = Tensor(part.joined().map { Float($0) }, shape: [part.count] + pair.shape.dropFirst(), on: pair.backend)
        // The noise and not the clean data: those are the state divided by alpha, which is next to nothing early on.
        let noise = try denoiser.prediction(x, at: level).noise.values()
        return part.indices.map { row in
          noise[(row - start) * size..<(row - start + 1) * size].map { -Double($0) / level.sigma }
        }
      }
    }
  }

  /// The integral from the first angle on, of fourth order in the step.
  private func integral(of slopes: [Double]) -> [Double] {
    let step = angles[1] - angles[0], last = slopes.count - 1
    var sum = 0.0
    return [0]
      + (0..<last).map { place in
        // A cubic through four values: two on either side, or all that there are at an end.
        let (i, weights) =
          place == 0
          ? (0, [9.0, 19, -5, 1]) : place == last - 1 ? (last - 3, [1, -5, 19, 9]) : (place - 1, [-1, 13, 13, -1])
        sum += step / 24 * weights.indices.reduce(0) { $0 + weights[$1] * slopes[i + $1] }
        return sum
      }
  }

  /// Values less that at the angle nearest to 0.
  private func anchored(_ values: [Double]) -> [Double] {
    let zero = angles.indices.min { abs(angles[$0]) < abs(angles[$1]) } ?? 0
    return values.map { $0 - values[zero] }
  }

  private func combined(_ a: [Double], _ b: [Double], _ p: Double, _ q: Double) -> [Double] {
    zip(a, b).map { p * $0 + q * $1 }
  }
}

/// The mean of curves over pairs, with its standard error, each of the curves' length; the error of one curve is zero.
public func average(of curves: [[Double]]) -> (mean: [Double], standardError: [Double]) {
  precondition(!curves.isEmpty && curves.allSatisfy { $0.count == curves[0].count }, "curves of one length")
  let count = Double(curves.count)
  let mean = curves[0].indices.map { place in curves.reduce(0) { $0 + $1[place] } / count }
  let error = mean.indices.map { place in
    let squares = curves.reduce(0) { $0 + ($1[place] - mean[place]) * ($1[place] - mean[place]) }
    return (squares / max(1, count - 1) / count).squareRoot()
  }
  return (mean, error)
}
