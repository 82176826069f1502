import Foundation
import HostMath

extension PointMixture {
  /// The dimensions over which ``mean(over:scale:theta:of:)`` integrates exactly.
  static let integrableDimensions = 2

  /// The mean of a function over states around a centre, `E over z of f(centre + scale z)`, in one or two dimensions.
  ///
  /// The trapezoid rule over nine standard deviations, which converges faster than any power for the smooth functions of a
  /// state; its step is a fraction of the width over which the posterior passes from one point to the next.
  ///
  /// - Parameters:
  ///   - centre: The middle.
  ///   - scale: The standard deviation in every direction.
  ///   - theta: The level, for the step.
  ///   - function: Values, a list of one length a state.
  func mean(
    over centre: [Double], scale: Double, theta: Double, of function: ([Double]) -> [Double]
  ) -> [Double] {
    precondition(dimension <= Self.integrableDimensions, "\(dimension) dimensions are too many to integrate over")
    let radius = points.map { product($0, $0) }.max().map { $0.squareRoot() } ?? 0
    // Half the argument of a two-point posterior grows by one over this many standard deviations.
    let width = spread(theta: theta) / max(theta * radius * scale, 1e-12)
    let step = max(min(0.1, 0.2 * width), dimension == 1 ? 1e-3 : 2e-2), reach = Int((9 / step).rounded(.up))
    let places = (-reach...reach).map { Double($0) * step }
    let weights = places.map { exp(-$0 * $0 / 2) }, total = weights.reduce(0, +)
    var sum: [Double] = []
    func add(_ z: [Double], _ weight: Double) {
      let values = function(zip(centre, z).map { $0 + scale * $1 })
      if sum.isEmpty { sum = values.map { weight * $0 } } else { for i in sum.indices { sum[i] += weight * values[i] } }
    }
    for (first, own) in zip(places, weights) {
      if dimension == 1 {
        add([first], own / total)
      } else {
        for (second, other) in zip(places, weights) where own * other > 1e-18 {
          add([first, second], own * other / (total * total))
        }
      }
    }
    return sum
  }

  /// The mean of a function over the states of the noised data.
  func mean(overStatesAt theta: Double, of function: ([Double]) -> [Double]) -> [Double] {
    var sum: [Double] = []
    for (weight, point) in zip(weights, points) {
      let part = mean(
        over: point.map { theta * $0 }, scale: spread(theta: theta).squareRoot(), theta: theta, of: function)
      sum = sum.isEmpty ? part.map { weight * $0 } : zip(sum, part).map { $0 + weight * $1 }
    }
    return sum
  }

  /// The chance that two clones which part at `theta` come from one point, `E over x of sum over k of p_k(x)^2`.
  ///
  /// See ``ClassAgreement``. By quadrature where the differences of the points span at most two dimensions, else nil: then by
  /// paths, ``CloneExperiment``.
  public func cloneAgreement(theta: Double) -> Double? {
    guard let centred = spanOfDifferences else { return nil }
    return centred.mean(overStatesAt: theta) { x in
      [centred.probabilities(x, theta: theta).reduce(0) { $0 + $1 * $1 }]
    }[0]
  }

  /// The mean squared error of the exact denoiser, `E |x0 - E[x0 | x]|^2`, under the same condition.
  public func denoisingError(theta: Double) -> Double? {
    guard let centred = spanOfDifferences else { return nil }
    let inside = centred.mean(overStatesAt: theta) { [centred.posteriorCovariance($0, theta: theta).trace] }[0]
    return inside + Double(dimension - centred.dimension) * variance * (1 - theta * theta) / spread(theta: theta)
  }

  /// The largest multipliers of the noise-averaged order parameter at the mean `m`, falling.
  ///
  /// ```
  /// M = eigenvalues of theta E over z of dE[x0 | x]/dx = theta^2 / sigma^2 E over z of Cov[x0 | theta m + sigma z]
  /// ```
  ///
  /// For Gaussian data of covariance eigenvalue `l`, with `g = theta^2 / sigma^2`, `M = g l / (1 + g l)`, which is below 1 at
  /// every level: what exceeds it is no growth of covariance. One list entry a direction of the differences of the points;
  /// under the same condition as ``cloneAgreement(theta:)``.
  public func orderMultipliers(theta: Double) -> [Double]? {
    guard let centred = spanOfDifferences else { return nil }
    let noise = 1 - theta * theta, order = centred.dimension
    let covariance = centred.mean(over: .init(repeating: 0, count: order), scale: noise.squareRoot(), theta: theta) {
      centred.posteriorCovariance($0, theta: theta).elements
    }
    return SymmetricMatrix(order: order, elements: covariance).eigenvalues().reversed().map {
      theta * theta / noise * $0
    }
  }

  /// The mixture less its mean in coordinates of its span, or nil where that has too many dimensions.
  ///
  /// The mean shifts states and changes no posterior.
  private var spanOfDifferences: PointMixture? {
    let mean = mean
    let centred = PointMixture(
      points: points.map { zip($0, mean).map { $0 - $1 } }, weights: weights, variance: variance)
    let span = MixtureSpan(of: centred)
    return span.basis.count <= Self.integrableDimensions ? span.mixture : nil
  }
}
