public import Compute
public import Diffusion
import Tensors

/// The fixed point of a denoiser's drift near the origin, with no average over noise.
///
/// ```
/// grad u / beta = eps(x) / sigma - x / 2 = 0        x = 2 alpha / (1 + alpha^2) x0hat(x)
/// ```
///
/// In an exact world this is the point whose stability breaks. A network was never trained near it: the centre has a fraction of the
/// norm that noise gives a state, so that what is found tells of the network alone, and often nothing is found. The residual says
/// which. The second form, iterated, diverges for networks that predict noise, so that the first is solved, by Newton's method in
/// Krylov spaces, scaled to steps of the second: `F(x) - x = (sigma^2 x - 2 sigma eps) / (1 + alpha^2)`.
///
/// Raya and Ambrogioni (2023), section 3.
public struct BareCentre {
  /// The distance between the two states of a central difference as a part of the norm of noise: .1 where that is 28.
  ///
  /// Less than the centre's own norm, and long enough for the rounding of 32 bits.
  public static let relativeLength = 1.0 / 280
  /// The most products of Arnoldi's process, and of a step of Newton's method.
  public static let products = 10
  /// The most steps of Newton's method.
  public static let newtonSteps = 12

  /// Called before every evaluation with its rows, and may throw to end the work.
  public var willEvaluate: (_ rows: Int) throws -> Void = { _ in }
  private let denoiser: any Denoiser
  private let rowShape: [Int]
  private let backend: any Backend

  /// The centre of a denoiser.
  ///
  /// - Parameters:
  ///   - denoiser: Exact, or a network.
  ///   - rowShape: The extents of one state.
  ///   - backend: The device.
  public init(_ denoiser: any Denoiser, rowShape: [Int], on backend: any Backend) {
    (self.denoiser, self.rowShape, self.backend) = (denoiser, rowShape, backend)
  }

  /// Values of a state.
  public var dimension: Int { rowShape.reduce(1, *) }

  /// Evaluations that ``fixedPoint(mean:_:tolerance:)`` and ``curvature(at:_:from:)`` take at most together.
  public var mostEvaluations: Int {
    1 + Self.newtonSteps * (2 * min(Self.products, dimension) + 4) + 2 * min(Self.products, dimension)
  }

  /// Searches for the centre from where it is at high noise, `2 alpha / (1 + alpha^2)` times the data's mean.
  ///
  /// - Parameters:
  ///   - mean: The data's mean.
  ///   - level: A level with noise.
  ///   - tolerance: The residual at which to end.
  /// - Returns: The state, in units of states at the level, with the residual of the second form above.
  public func fixedPoint(
    mean: [Double], _ level: NoiseLevel, tolerance: Double = 1e-6
  ) throws -> FixedPointEstimate {
    let factor = 2 * level.alpha / (1 + level.alpha * level.alpha)
    let search = FixedPointSearch(
      change: { try changes(at: [$0], level)[0] }, derivative: { try derivative(at: $0, along: $1, level) },
      products: Self.products)
    return try search.run(from: mean.map { factor * $0 }, picard: 0, newton: Self.newtonSteps, tolerance: tolerance)
  }

  /// The least curvature of the potential over the rate at a state, by Arnoldi's process: negative where the state is unstable.
  ///
  /// - Parameters:
  ///   - x: The state.
  ///   - level: A level with noise.
  ///   - start: Where the process begins; not orthogonal to what is looked for.
  public func curvature(at x: [Double], _ level: NoiseLevel, from start: [Double]) throws -> Double {
    let space = try KrylovSpace(from: start, products: Self.products) { try derivative(at: x, along: $0, level) }
    let multiplier = space.ritzPairs(1).first?.value ?? 0
    return (1 - multiplier) * (1 + level.alpha * level.alpha) / (2 * level.sigma * level.sigma)
  }

  /// The product of the derivative of `F` at a state with a vector of unit length; two evaluations.
  private func derivative(at x: [Double], along direction: [Double], _ level: NoiseLevel) throws -> [Double] {
    let length = Self.relativeLength * Double(dimension).squareRoot()
    let ends = [0.5, -0.5].map { side in zip(x, direction).map { $0 + side * length * $1 } }
    let changes = try changes(at: ends, level)
    return direction.indices.map { direction[$0] + (changes[0][$0] - changes[1][$0]) / length }
  }

  /// `F(x) - x` at some states, evaluated together.
  private func changes(at states: [[Double]], _ level: NoiseLevel) throws -> [[Double]] {
    try willEvaluate(states.count)
    let x = Tensor(states.joined().map { Float($0) }, shape: [states.count] + rowShape, on: backend)
    let noise = try denoiser.prediction(x, at: level).noise.values()
    guard noise.allSatisfy(\.isFinite) else { throw OrderParameter.Fault.notFinite(level) }
    let (sigma, scale) = (level.sigma, 1 + level.alpha * level.alpha)
    return states.enumerated().map { row, state in
      state.indices.map { index in
        (sigma * sigma * state[index] - 2 * sigma * Double(noise[row * dimension + index])) / scale
      }
    }
  }
}
