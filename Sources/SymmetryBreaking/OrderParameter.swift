public import Compute
public import Diffusion
import Tensors

/// The order parameter of a denoiser, averaged over noise: where the mean of its estimates is a fixed point, and when that breaks.
///
/// ```
/// F(y) = E_z x0hat(alpha y + sigma z)        A = dF/dy = alpha E_z dx0hat/dx        M_1 >= M_2 >= ... eigenvalues of A
/// ```
///
/// The symmetric state is the data's mean, `F(m) = m` up to sampling. Unlike the drift's own fixed point, which lies where no
/// training image ever was, every state here is one that the denoiser was trained on. For Gaussian data with variance `l`
/// along a direction the multiplier is ``gaussianMultiplier(ofVariance:at:)``, below 1 at every level: what exceeds it is
/// symmetry breaking and no growth of covariance. The draws are antithetic, a half and its mirror image, and the same for all
/// levels. Averages are taken in `Double` on the host.
///
/// After Raya and Ambrogioni (2023), whose criterion is the one without the average; `E_z` and the reference are this
/// project's.
public struct OrderParameter {
  /// How the averages and their derivatives are taken.
  public struct Settings: Sendable, Hashable, Codable {
    /// Draws of noise, an even number of at least two: half of them and their mirror images.
    public var draws = 64
    /// Which set of draws; sets are independent of each other.
    public var set = 0
    /// The distance between the two states of a central difference as a part of the norm of noise, `sqrt(D)` for `D` values.
    ///
    /// Short ones drown in the rounding of a network in 32 bits, long ones smooth what they measure; a fourteenth is 2 at 28x28 values.
    public var relativeLength = 1.0 / 14
    /// The most products of Arnoldi's process.
    public var products = 10
    /// The most states that are evaluated together.
    public var batch = 64

    /// Settings with the defaults: 64 draws, differences of a fourteenth of the norm, ten products.
    public init() {}
  }

  /// Why an average cannot be taken.
  public enum Fault: Error, Sendable, Hashable, CustomStringConvertible {
    /// Estimates at a level that are not finite.
    case notFinite(NoiseLevel)

    /// The fault as one line.
    public var description: String {
      switch self {
      case .notFinite(let level): "the estimates at alpha \(level.alpha) are not finite (NaN or infinity)"
      }
    }
  }

  /// How the averages are taken.
  public let settings: Settings
  /// Called before every evaluation with its rows, and may throw to end the work.
  public var willEvaluate: (_ rows: Int) throws -> Void = { _ in }
  private let denoiser: any Denoiser
  private let rowShape: [Int]
  private let backend: any Backend
  private let batches: [Tensor]

  /// The order parameter of a denoiser.
  ///
  /// - Parameters:
  ///   - denoiser: Exact, or a network.
  ///   - rowShape: The extents of one state.
  ///   - settings: How averages are taken.
  ///   - backend: The device.
  public init(
    _ denoiser: any Denoiser, rowShape: [Int], _ settings: Settings = .init(), on backend: any Backend
  ) {
    precondition(settings.draws >= 2 && settings.draws % 2 == 0, "antithetic draws come in pairs")
    precondition(settings.batch > 0 && settings.relativeLength > 0 && settings.products > 0, "settings are positive")
    (self.denoiser, self.rowShape, self.settings, self.backend) = (denoiser, rowShape, settings, backend)
    let half = Tensor.noise(
      rowShape, seeds: (0..<UInt64(settings.draws / 2)).map { $0 },
      key: NoiseKey(step: 0, draw: UInt32(settings.set)), on: backend)
    let pairs = half.rows
    let mirrored = half.scaled(by: -1)
    batches = [half, mirrored].flatMap { draws in
      stride(from: 0, to: pairs, by: settings.batch).map {
        draws.selectingRows($0..<min($0 + settings.batch, pairs))
      }
    }
  }

  /// Values of a state.
  public var dimension: Int { rowShape.reduce(1, *) }

  /// Evaluations of the denoiser that ``multipliers(at:_:from:count:)`` takes at most.
  public var evaluationsPerMultiplier: Int { 2 * settings.draws * min(settings.products, dimension) }

  /// The average estimate of the clean data, `F(y)`; ``Settings/draws`` evaluations.
  public func denoisedMean(at y: [Double], _ level: NoiseLevel) throws -> [Double] {
    let centre = y.map { level.alpha * $0 }
    let (mean, own, output) = try meanOutput(around: centre, level)
    // The noise averages to zero, so that the state's own part is known without rounding.
    return zip(centre, mean).map { own * $0 + output * $1 }
  }

  /// The product of the derivative `A` at `y` with a vector of unit length; twice ``Settings/draws`` evaluations.
  public func derivative(at y: [Double], along direction: [Double], _ level: NoiseLevel) throws -> [Double] {
    let length = settings.relativeLength * Double(dimension).squareRoot(), half = length / 2
    func end(_ sign: Double) throws -> (mean: [Double], own: Double, output: Double) {
      try meanOutput(around: zip(y, direction).map { level.alpha * $0 + sign * half * $1 }, level)
    }
    let (upper, lower) = (try end(1), try end(-1))
    return direction.indices.map { index in
      let slope = (upper.mean[index] - lower.mean[index]) / length
      return level.alpha * (upper.own * direction[index] + upper.output * slope)
    }
  }

  /// The largest multipliers at a state, by Arnoldi's process.
  ///
  /// - Parameters:
  ///   - y: The state in units of the clean data, such as the data's mean.
  ///   - level: A level with noise.
  ///   - start: Where the process begins; not orthogonal to what is looked for.
  ///   - count: How many.
  public func multipliers(
    at y: [Double], _ level: NoiseLevel, from start: [Double], count: Int = 3
  ) throws -> [Multiplier] {
    let space = try KrylovSpace(from: start, products: settings.products) {
      try derivative(at: y, along: $0, level)
    }
    return space.ritzPairs(count).map { Multiplier(value: $0.value, direction: $0.vector, residual: $0.residual) }
  }

  /// The average of what the denoiser returns around a state, and the coefficients of state and output in the estimate.
  private func meanOutput(
    around centre: [Double], _ level: NoiseLevel
  ) throws -> (mean: [Double], own: Double, output: Double) {
    let row = Tensor(centre.map { Float($0) }, shape: [1, dimension], on: backend)
    var sums = [Double](repeating: 0, count: dimension)
    var coefficients = (x: 0.0, output: 1.0)
    for noise in batches {
      try willEvaluate(noise.rows)
      let ones = Tensor([Float](repeating: 1, count: noise.rows), shape: [noise.rows, 1], on: backend)
      let centres = ones.multiplied(by: row).reshaped(noise.shape)
      let prediction = try denoiser.prediction(.combination([(1, centres), (level.sigma, noise)]), at: level)
      coefficients = prediction.denoisedCoefficients
      let values = try prediction.output.values()
      for start in stride(from: 0, to: values.count, by: dimension) {
        for index in 0..<dimension { sums[index] += Double(values[start + index]) }
      }
    }
    guard sums.allSatisfy(\.isFinite) else { throw Fault.notFinite(level) }
    return (sums.map { $0 / Double(settings.draws) }, coefficients.x, coefficients.output)
  }
}

/// An eigenvalue of the derivative of an ``OrderParameter``: how much of a small deviation survives denoising.
public struct Multiplier: Sendable, Hashable {
  /// The eigenvalue, its real part where it is one of a pair.
  public let value: Double
  /// Its direction, of unit length.
  public let direction: [Double]
  /// How far the value may be from an eigenvalue, as Arnoldi's process has it.
  public let residual: Double

  /// The absolute cosine of the angle to a direction of unit length, such as a principal component.
  public func overlap(with other: some Collection<Double>) -> Double {
    abs(zip(direction, other).reduce(0) { $0 + $1.0 * $1.1 })
  }
}

/// The multiplier of Gaussian data along a direction of variance `l`: `g l / (1 + g l)` with `g = alpha^2 / sigma^2`.
public func gaussianMultiplier(ofVariance variance: Double, at level: NoiseLevel) -> Double {
  let signal = level.alpha * level.alpha * variance
  return signal / (signal + level.sigma * level.sigma)
}
