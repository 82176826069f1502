public import HostMath

/// Data whose noised density is known exactly, in Double on the host.
///
/// A state is `x = theta x0 + sigma eps` with `sigma^2 = 1 - theta^2`, `theta` between 0 and 1, ends excluded. All that the
/// dynamics need follows from the first two moments of the clean data given the state (Tweedie's formula and its
/// derivative):
///
/// ```
/// score               (theta E[x0 | x] - x) / sigma^2
/// Hessian of log p    -I / sigma^2 + theta^2 / sigma^4 Cov[x0 | x]
/// u / beta            -|x|^2 / 4 - log p
/// ```
///
/// Potentials are in units of the rate `beta`, which moves no fixed point. Raya and Ambrogioni (2023), section 3.
public protocol ExactWorldDensity: Sendable {
  /// Values of a state.
  var dimension: Int { get }

  /// The logarithm of the normalised density of the states at `theta`.
  func logDensity(_ x: [Double], theta: Double) -> Double

  /// The estimate of the clean data, `E[x0 | x]`.
  func posteriorMean(_ x: [Double], theta: Double) -> [Double]

  /// How uncertain that is, `Cov[x0 | x]`; `dimension^2` values.
  func posteriorCovariance(_ x: [Double], theta: Double) -> SymmetricMatrix
}

extension ExactWorldDensity {
  /// The gradient of the log density.
  public func score(_ x: [Double], theta: Double) -> [Double] {
    let noise = 1 - theta * theta
    return zip(posteriorMean(x, theta: theta), x).map { (theta * $0 - $1) / noise }
  }

  /// The second derivatives of the log density.
  public func hessian(_ x: [Double], theta: Double) -> SymmetricMatrix {
    let noise = 1 - theta * theta
    return combined(-1 / noise, theta * theta / (noise * noise), posteriorCovariance(x, theta: theta))
  }

  /// The potential of the generative dynamics over the rate, up to a constant of `theta` alone.
  public func potential(_ x: [Double], theta: Double) -> Double {
    -x.reduce(0) { $0 + $1 * $1 } / 4 - logDensity(x, theta: theta)
  }

  /// The gradient of ``potential(_:theta:)``, whose negative is the drift over the rate; zero at a fixed point.
  public func potentialGradient(_ x: [Double], theta: Double) -> [Double] {
    zip(x, score(x, theta: theta)).map { -$0 / 2 - $1 }
  }

  /// The second derivatives of ``potential(_:theta:)``; a fixed point is stable where all their eigenvalues are positive.
  public func potentialHessian(_ x: [Double], theta: Double) -> SymmetricMatrix {
    let noise = 1 - theta * theta
    return combined(1 / noise - 0.5, -theta * theta / (noise * noise), posteriorCovariance(x, theta: theta))
  }

  /// `diagonal I + factor matrix`.
  private func combined(_ diagonal: Double, _ factor: Double, _ matrix: SymmetricMatrix) -> SymmetricMatrix {
    let order = matrix.order
    var elements = matrix.elements.map { factor * $0 }
    for axis in 0..<order { elements[axis * order + axis] += diagonal }
    return SymmetricMatrix(order: order, elements: elements)
  }
}
