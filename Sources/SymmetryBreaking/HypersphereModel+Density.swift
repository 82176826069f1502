import Foundation
public import HostMath

/// The sphere's density at a noise level, a function of the state's length alone.
///
/// ```
/// k = theta r |x| / sigma^2      v = d / 2 - 1
/// log p = -d / 2 log(2 pi sigma^2) - (|x|^2 + theta^2 r^2) / (2 sigma^2) + log(Gamma(d / 2) (2 / k)^v I_v(k))
/// variance across   r^2 A(k) / k       variance along   r^2 (1 - A(k)^2 - (d - 1) A(k) / k)
/// ```
extension HypersphereModel: ExactWorldDensity {
  /// The logarithm of the density; stable in ten thousand dimensions too.
  public func logDensity(_ x: [Double], theta: Double) -> Double {
    logDensity(at: product(x, x).squareRoot(), theta: theta)
  }

  /// The logarithm of the density at a state of length `distance`.
  public func logDensity(at distance: Double, theta: Double) -> Double {
    let noise = 1 - theta * theta
    return -Double(dimension) / 2 * log(2 * .pi * noise)
      - (distance * distance + theta * theta * radius * radius) / (2 * noise)
      + logSphericalMean(theta * radius * distance / noise, dimension: dimension)
  }

  /// The estimate of the clean data, along the state.
  public func posteriorMean(_ x: [Double], theta: Double) -> [Double] {
    let distance = product(x, x).squareRoot()
    guard distance > 0 else { return x }
    let factor = denoisedRadius(at: distance, theta: theta) / distance
    return x.map { factor * $0 }
  }

  /// Its covariance, with one eigenvalue along the state and one across.
  public func posteriorCovariance(_ x: [Double], theta: Double) -> SymmetricMatrix {
    let distance = product(x, x).squareRoot()
    let (along, across) = posteriorVariances(at: distance, theta: theta)
    var matrix = SymmetricMatrix(order: dimension, diagonal: across)
    guard distance > 0 else { return matrix }
    for row in 0..<dimension {
      for column in 0..<dimension {
        matrix.elements[row * dimension + column] += (along - across) * x[row] * x[column] / (distance * distance)
      }
    }
    return matrix
  }

  /// The variances of the clean data given a state of length `distance`, along the state and in each direction across it.
  public func posteriorVariances(at distance: Double, theta: Double) -> (along: Double, across: Double) {
    let argument = theta * radius * distance / (1 - theta * theta), count = Double(dimension)
    guard argument > 0 else { return (leadingVariance, leadingVariance) }
    let ratio = besselRatio(argument, dimension: dimension), square = radius * radius
    // Next to nothing is left of the difference where the state is far out.
    return (square * max(0, 1 - ratio * ratio - (count - 1) * ratio / argument), square * ratio / argument)
  }
}

/// The logarithm of the mean of `exp(k . y)` over the unit sphere: `log(Gamma(d / 2) (2 / k)^(d / 2 - 1) I_(d/2-1)(k))`.
///
/// The series `sum over m of (k / 2)^(2 m) Gamma(d / 2) / (m! Gamma(m + d / 2))` has no negative term; it is summed from
/// its largest term outwards, beside which nothing overflows, some `12 sqrt(k)` terms. Where `k` is far above the square of
/// the order, Hankel's expansion takes its place (Abramowitz and Stegun 1964, 9.7.1).
func logSphericalMean(_ k: Double, dimension: Int) -> Double {
  let order = Double(dimension) / 2 - 1
  guard k > 0 else { return 0 }
  return k > max(50, 10 * order * order) ? hankelSphericalMean(k, order: order) : seriesSphericalMean(k, order: order)
}

private func hankelSphericalMean(_ k: Double, order: Double) -> Double {
  var sum = 1.0, term = 1.0
  for n in 1...20 where abs(term) > 1e-17 {
    let odd = Double(2 * n - 1)
    term *= -(4 * order * order - odd * odd) / (8 * k * Double(n))
    sum += term
  }
  return k - log(2 * .pi * k) / 2 + log(sum) + lgamma(order + 1) + order * log(2 / k)
}

private func seriesSphericalMean(_ k: Double, order: Double) -> Double {
  let quarter = k * k / 4
  // Where neighbouring terms are equal: (m + 1)(m + 1 + order) = k^2 / 4.
  let top = max(0, (((order * order + k * k).squareRoot() - order) / 2 - 1).rounded())
  let largest = top * log(quarter) + lgamma(order + 1) - lgamma(top + 1) - lgamma(top + 1 + order)
  var sum = 1.0, term = 1.0, m = top
  while term > 1e-18 {
    term *= quarter / ((m + 1) * (m + 1 + order))
    sum += term
    m += 1
  }
  (term, m) = (1, top)
  while m > 0, term > 1e-18 {
    term *= m * (m + order) / quarter
    sum += term
    m -= 1
  }
  return largest + log(sum)
}
