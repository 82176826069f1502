import Foundation

/// How a network that was trained on unscaled data is a denoiser: what it is given, and what its output means.
///
/// ```
/// D(x; sigma) = c_skip x + c_out F(c_in x + c_shift; c_noise),     x = x0 + sigma eps
/// ```
///
/// where sigma is Karras' (Karras and others 2022, equation 7), and `c_noise` is the time that the network is conditioned on.
///
/// | form | `c_skip` | `c_out` | `c_in` | `c_noise` |
/// |---|---|---|---|---|
/// | `edm` | `d^2 / (sigma^2 + d^2)` | `sigma d / sqrt(sigma^2 + d^2)` | `1 / sqrt(sigma^2 + d^2)` | `s ln sigma` |
/// | `consistency` | `d^2 / ((sigma - m)^2 + d^2)` | `(sigma - m) d / sqrt(sigma^2 + d^2)` | as above | `s ln sigma` |
/// | `variancePreserving` | 1 | `-sigma` | `1 / sqrt(sigma^2 + 1)` | `(M - 1) t(sigma)` |
/// | `varianceExploding` | 1 | `sigma` | 1 | `ln(sigma / 2)` |
/// | `improved` | 1 | `-sigma` | `1 / sqrt(sigma^2 + 1)` | the step of the nearest sigma |
/// | `score` | 1 | `sigma^2` | 1 | `sigma` |
public struct Preconditioning: Sendable, Hashable {
  /// The rule of the coefficients.
  public enum Form: Sendable, Hashable {
    /// Karras and others (2022), table 1: data of deviation `d`, whose output is negated where a velocity was trained.
    case edm(dataDeviation: Double, negatesOutput: Bool = false)
    /// Song and others (2023), appendix C: the identity at the smallest sigma `m`, as consistency needs.
    case consistency(dataDeviation: Double, smallestSigma: Double)
    /// The variance-preserving diffusion of Song and others (2021) with betas from `betaMin` to `betaMin + betaD` and `steps`
    /// training steps `M`.
    ///
    /// ```
    /// t(sigma) = (sqrt(betaMin^2 + 2 betaD ln(1 + sigma^2)) - betaMin) / betaD
    /// ```
    case variancePreserving(betaD: Double = 19.9, betaMin: Double = 0.1, steps: Int = 1000)
    /// The variance-exploding diffusion of Song and others (2021), in Karras' form.
    case varianceExploding
    /// The chain of Nichol and Dhariwal (2021), on a table of sigmas; see ``improvedSigmas(c1:c2:steps:)``.
    case improved(sigmas: [Double])
    /// A network that returns the score of `x` and is given sigma itself (Song and others 2021).
    ///
    /// With data in 0...1, as those networks are trained on, it is given `(x + 1) / 2` and half of sigma: the project's data
    /// are in -1...1.
    case score(isUnitRange: Bool = true)
  }

  /// The rule of the coefficients.
  public var form: Form
  /// What the logarithm of sigma is multiplied by, `s`, where the network is conditioned on that.
  public var timeScale: Double

  /// A preconditioning.
  ///
  /// - Parameters:
  ///   - form: The rule of the coefficients.
  ///   - timeScale: `s` of the forms that have one: a quarter for networks of Karras and others, 250 for those of Song and others
  ///     (2023).
  public init(_ form: Form, timeScale: Double = 0.25) {
    self.form = form
    self.timeScale = timeScale
  }

  /// The coefficients at one sigma.
  public struct Scalings: Sendable, Hashable {
    /// `c_skip`, the factor of the state in the estimate of the clean data.
    public var skip: Double
    /// `1 - c_skip`, which a small sigma would take away from the difference of the two.
    public var rest: Double
    /// `c_out`, the factor of the network's output.
    public var output: Double
    /// `c_in`, the factor of the state in the network's input.
    public var input: Double
    /// `c_shift`, what is added to the input; zero unless the network has data of another range.
    public var shift = 0.0
    /// `c_noise`, the time that the network is conditioned on.
    public var time: Double
  }

  /// The coefficients at a sigma, which is positive.
  public func scalings(at sigma: Double) -> Scalings {
    let squared = sigma * sigma
    switch form {
    case .edm(let deviation, let negatesOutput):
      let variance = squared + deviation * deviation, root = variance.squareRoot()
      return Scalings(
        skip: deviation * deviation / variance, rest: squared / variance,
        output: (negatesOutput ? -1 : 1) * sigma * deviation / root, input: 1 / root, time: timeScale * log(sigma))
    case .consistency(let deviation, let smallest):
      let above = sigma - smallest, variance = above * above + deviation * deviation
      let root = (squared + deviation * deviation).squareRoot()
      return Scalings(
        skip: deviation * deviation / variance, rest: above * above / variance, output: above * deviation / root,
        input: 1 / root, time: timeScale * log(sigma))
    case .variancePreserving(let betaD, let betaMin, let steps):
      let time = ((betaMin * betaMin + 2 * betaD * log1p(squared)).squareRoot() - betaMin) / betaD
      return Scalings(
        skip: 1, rest: 0, output: -sigma, input: 1 / (squared + 1).squareRoot(), time: Double(steps - 1) * time)
    case .varianceExploding:
      return Scalings(skip: 1, rest: 0, output: sigma, input: 1, time: log(sigma / 2))
    case .improved(let sigmas):
      return Scalings(
        skip: 1, rest: 0, output: -sigma, input: 1 / (squared + 1).squareRoot(),
        time: Double(Self.nearest(to: sigma, in: sigmas)))
    case .score(let isUnitRange):
      let half = isUnitRange ? 0.5 : 1
      return Scalings(
        skip: 1, rest: 0, output: squared * half, input: half, shift: isUnitRange ? 0.5 : 0, time: sigma * half)
    }
  }

  /// The sigma of a time `t` in 0...1 of the variance-preserving diffusion: `sqrt(exp(betaD t^2 / 2 + betaMin t) - 1)`.
  public static func preservingSigma(at time: Double, betaD: Double = 19.9, betaMin: Double = 0.1) -> Double {
    expm1(betaD * time * time / 2 + betaMin * time).squareRoot()
  }

  /// The sigmas of the chain of Nichol and Dhariwal (2021), rising, as Karras and others (2022), table 1, have them.
  ///
  /// ```
  /// u_M = 0,   u_(j - 1) = sqrt((u_j^2 + 1) / max(a_(j - 1) / a_j, c1) - 1),   a_j = sin^2(pi j / (2 M (c2 + 1)))
  /// ```
  ///
  /// - Parameters:
  ///   - c1: The least ratio of neighbouring signals, above 0.
  ///   - c2: The offset of the cosine.
  ///   - steps: Training steps `M`.
  /// - Returns: `u_(M - 1) ... u_0`, by training step.
  public static func improvedSigmas(c1: Double = 0.001, c2: Double = 0.008, steps: Int = 1000) -> [Double] {
    let signal = { (step: Int) in
      let sine = sin(0.5 * Double.pi * Double(step) / (Double(steps) * (c2 + 1)))
      return sine * sine
    }
    var sigmas: [Double] = [], last = 0.0
    for step in (1...steps).reversed() {
      last = ((last * last + 1) / max(signal(step - 1) / signal(step), c1) - 1).squareRoot()
      sigmas.append(last)
    }
    return sigmas
  }

  /// The index of the number that is nearest to a sigma among rising ones.
  static func nearest(to sigma: Double, in sigmas: [Double]) -> Int {
    var (low, high) = (0, sigmas.count - 1)
    while high - low > 1 {
      let middle = (low + high) / 2
      if sigmas[middle] <= sigma { low = middle } else { high = middle }
    }
    return abs(sigmas[high] - sigma) < abs(sigmas[low] - sigma) ? high : low
  }
}
