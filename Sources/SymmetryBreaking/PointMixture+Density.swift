import Foundation
public import HostMath

/// The mixture's density at a noise level.
///
/// ```
/// s^2 = 1 - theta^2 + theta^2 variance        p_k = softmax over k of log w_k - |x - theta y_k|^2 / (2 s^2)
/// E[x0 | x]   = sigma^2 / s^2 sum over k of p_k y_k + theta variance / s^2 x
/// Cov[x0 | x] = variance sigma^2 / s^2 I + sigma^4 / s^4 Cov over p of y
/// ```
extension PointMixture: ExactWorldDensity {
  /// The logarithm of the mixture of Gaussians that the states are drawn from.
  public func logDensity(_ x: [Double], theta: Double) -> Double {
    let terms = logTerms(x, theta: theta), most = terms.max() ?? 0
    let sum = terms.reduce(0) { $0 + exp($1 - most) }
    return most + log(sum) - Double(dimension) / 2 * log(2 * .pi * spread(theta: theta))
  }

  /// The probability of each point given a state.
  public func probabilities(_ x: [Double], theta: Double) -> [Double] {
    let terms = logTerms(x, theta: theta), most = terms.max() ?? 0
    let values = terms.map { exp($0 - most) }, sum = values.reduce(0, +)
    return values.map { $0 / sum }
  }

  /// The estimate of the clean data.
  public func posteriorMean(_ x: [Double], theta: Double) -> [Double] {
    let spread = spread(theta: theta), own = theta * variance / spread, shared = (1 - theta * theta) / spread
    var mean = x.map { own * $0 }
    for (probability, point) in zip(probabilities(x, theta: theta), points) {
      for axis in mean.indices { mean[axis] += shared * probability * point[axis] }
    }
    return mean
  }

  /// Its covariance.
  public func posteriorCovariance(_ x: [Double], theta: Double) -> SymmetricMatrix {
    let order = dimension, probabilities = probabilities(x, theta: theta)
    let shared = (1 - theta * theta) / spread(theta: theta)
    let centre = (0..<order).map { axis in zip(probabilities, points).reduce(0) { $0 + $1.0 * $1.1[axis] } }
    var elements = [Double](repeating: 0, count: order * order)
    for (probability, point) in zip(probabilities, points) where probability > 0 {
      let offset = zip(point, centre).map { $0 - $1 }, factor = shared * shared * probability
      for row in 0..<order {
        let scaled = factor * offset[row]
        for column in 0..<order { elements[row * order + column] += scaled * offset[column] }
      }
    }
    for axis in 0..<order { elements[axis * order + axis] += variance * shared }
    return SymmetricMatrix(order: order, elements: elements)
  }

  /// `s^2`, the variance of a noised component.
  func spread(theta: Double) -> Double { 1 - theta * theta + theta * theta * variance }

  /// The logarithms of the components' terms, without the factor that all share.
  private func logTerms(_ x: [Double], theta: Double) -> [Double] {
    let spread = spread(theta: theta)
    return zip(weights, points).map { weight, point in
      let square = zip(x, point).reduce(0) { $0 + ($1.0 - theta * $1.1) * ($1.0 - theta * $1.1) }
      return log(weight) - square / (2 * spread)
    }
  }
}
