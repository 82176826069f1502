/// Data spread evenly over a sphere: a continuous symmetry that breaks into any one direction.
///
/// Raya and Ambrogioni (2023), section on hyperspherical data; in one dimension with radius 1 the ``TwoPointModel``.
public struct HypersphereModel: CentredEqualNormModel, Sendable, Hashable {
  /// Dimensions of the space around the sphere.
  public let dimension: Int
  /// The sphere's radius.
  public let radius: Double

  /// A sphere around the origin.
  public init(dimension: Int, radius: Double) {
    precondition(dimension > 0 && radius > 0, "a sphere of radius \(radius) in \(dimension) dimensions")
    self.dimension = dimension
    self.radius = radius
  }

  /// `radius^2 / dimension`, the variance in every direction.
  ///
  /// The critical value is thereby `theta^2 = (sqrt(dimension^2 + radius^4) - radius^2) / dimension`.
  public var leadingVariance: Double { radius * radius / Double(dimension) }

  /// The length of the exact estimate of the clean data at a state of length `distance`; it points the same way.
  ///
  /// ```
  /// |E[x0 | x]| = radius * A(theta * radius * distance / (1 - theta^2)),   A(k) = I_d/2(k) / I_(d/2-1)(k)
  /// ```
  public func denoisedRadius(at distance: Double, theta: Double) -> Double {
    radius * besselRatio(theta * radius * distance / (1 - theta * theta), dimension: dimension)
  }

  /// The radius of the stable fixed points, 0 up to the critical `theta`.
  ///
  /// ```
  /// (1 + theta^2) rho = 2 theta * denoisedRadius(rho)
  /// ```
  public func branch(theta: Double) -> Double {
    let square = theta * theta
    let balance = { rho in 2 * theta * self.denoisedRadius(at: rho, theta: theta) / rho - (1 + square) }
    return positiveRoot(of: balance, upTo: 2 * theta * radius / (1 + square))
  }
}

/// The ratio of modified Bessel functions `I_(d/2)(x) / I_(d/2-1)(x)`, from 0 to 1 for `x` not negative.
///
/// ```
/// x / (d + x^2 / (d + 2 + x^2 / (d + 4 + ...)))
/// ```
///
/// Gauss's continued fraction, evaluated from the inside: the functions themselves would leave the range of numbers
/// from about a hundred dimensions on. What a level hides shrinks by `exp(-2 level / x)` on the way out, so that some
/// `6 sqrt(x)` levels leave nothing. Beyond 1e10 that many take too long, and the bounds of Amos (1974),
///
/// ```
/// x / (v + 1/2 + sqrt(x^2 + (v + 3/2)^2)) < ratio < x / (v + 1/2 + sqrt(x^2 + (v + 1/2)^2)),   v = d / 2 - 1
/// ```
///
/// agree to the last bit for all dimensions up to a million.
func besselRatio(_ x: Double, dimension: Int) -> Double {
  precondition(x >= 0, "a ratio at \(x)")
  guard x < 1e10 else {
    let order = Double(dimension) / 2 - 1
    return 1 / ((order + 0.5) / x + (1 + (order + 1) / x * ((order + 1) / x)).squareRoot())
  }
  var value = 0.0
  for level in stride(from: (6 * x.squareRoot()).rounded() + 40, through: 0, by: -1) {
    value = x / (Double(dimension) + 2 * level + x * value)
  }
  return value
}
