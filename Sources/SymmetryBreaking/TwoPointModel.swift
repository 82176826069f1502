import Foundation

/// Two equal points at -1 and 1 on a line: the smallest data with a symmetry that breaks.
///
/// Everything is known in closed form as a function of `theta`, the factor of the clean data; noise has the variance
/// `1 - theta^2`. Potentials are in units of the rate `beta`, which moves no fixed point. Raya and Ambrogioni (2023),
/// equations 7 to 10.
public struct TwoPointModel: Sendable {
  /// The model; it has nothing to choose.
  public init() {}

  /// The potential of the generative dynamics, up to a constant; its negative gradient is the drift.
  ///
  /// ```
  /// u(x) / beta = -x^2 / 4 - log(exp(-(x - theta)^2 / (2 (1 - theta^2))) + exp(-(x + theta)^2 / (2 (1 - theta^2))))
  /// ```
  public func potential(_ x: Double, theta: Double) -> Double {
    let variance = 1 - theta * theta
    let distance = abs(x) - theta
    // The nearer point's term stands before the logarithm, so that far from both nothing underflows.
    return -x * x / 4 + distance * distance / (2 * variance) - log1p(exp(-2 * theta * abs(x) / variance))
  }

  /// The gradient of the log density: `(theta tanh(theta x / (1 - theta^2)) - x) / (1 - theta^2)`.
  public func score(_ x: Double, theta: Double) -> Double {
    let variance = 1 - theta * theta
    return (theta * tanh(theta * x / variance) - x) / variance
  }

  /// The second derivative of ``potential(_:theta:)`` at the centre (equation 8): positive while the centre is stable.
  ///
  /// ```
  /// u''(0) / beta = -(1/2 + (2 theta^2 - 1) / (theta^2 - 1)^2)
  /// ```
  public func curvature(theta: Double) -> Double {
    let square = theta * theta
    return -(0.5 + (2 * square - 1) / ((square - 1) * (square - 1)))
  }

  /// The `theta` at which the centre loses its stability, the root of ``curvature(theta:)`` (equation 9).
  public var criticalTheta: Double {
    root(of: curvature, in: 0...0.99)
  }

  /// The stable fixed point on the side of 1 (equation 10): 0 up to the critical `theta`, then the upper branch of a
  /// pitchfork, whose lower one is its mirror image.
  ///
  /// ```
  /// (1 + theta^2) x = 2 theta tanh(theta x / (1 - theta^2))
  /// ```
  public func branch(theta: Double) -> Double {
    let square = theta * theta
    // Divided by x, so that the trivial solution at 0 does not count.
    let balance = { x in 2 * theta * tanh(theta * x / (1 - square)) / x - (1 + square) }
    return positiveRoot(of: balance, upTo: 2 * theta / (1 + square))
  }
}

/// The root of a falling function between 0 and `limit`, which may be the root itself; 0 if there is none.
func positiveRoot(of function: (Double) -> Double, upTo limit: Double) -> Double {
  let smallest = limit * 1e-9
  guard limit > 0 && function(smallest) > 0 else { return 0 }
  return root(of: function, in: smallest...2 * limit)
}
