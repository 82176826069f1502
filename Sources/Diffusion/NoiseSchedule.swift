import Foundation

/// The noise levels of a discrete model's training steps: a table of `alphaBar_t`, and what is between its entries.
public struct NoiseSchedule: Sendable, Hashable {
  /// The most training steps of a schedule that is read from a file; a thousand are customary.
  public static let largestCount = 10_000

  /// The cumulative products `alphaBar_t`, in the 32-bit precision of training.
  public let alphaBars: [Float]
  /// Karras' sigmas where they are what the schedule was made from, since `alphaBar` near 1 says little of them.
  private let exactSigmas: [Double]?
  /// The formula that the sigmas of a schedule made from them lie on, or nil for a schedule of betas or of any sigmas.
  ///
  /// Samplers spread their steps by the same formula.
  public let ramp: SigmaRamp?
  /// Whether there are no levels between those of the training steps, so that a sigma means the nearest of them.
  public let isDiscrete: Bool

  /// A schedule from its betas.
  ///
  /// - Parameters:
  ///   - betas: How much noise each training step adds.
  ///   - count: Training steps.
  ///   - rescalesToZeroSignal: Whether the betas are rescaled so that nothing of the data is left at the last step
  ///     (Lin and others 2024).
  ///   - terminalAlphaBar: What replaces the last entry after a rescaling, where Karras' sigmas must be finite.
  public init(
    _ betas: BetaSchedule, count: Int, rescalesToZeroSignal: Bool = false, terminalAlphaBar: Float? = nil
  ) {
    self.init(
      alphaBars: betas.alphaBars(
        count: count, rescalesToZeroSignal: rescalesToZeroSignal, terminalAlphaBar: terminalAlphaBar))
  }

  /// A schedule from its cumulated products: between 0 and 1, and none above the one before it.
  ///
  /// The last one alone may be, where ``init(_:count:rescalesToZeroSignal:terminalAlphaBar:)`` has put it there.
  public init(alphaBars: [Float]) {
    if let fault = Self.fault(in: alphaBars) { preconditionFailure(fault) }
    self.alphaBars = alphaBars
    exactSigmas = nil
    ramp = nil
    isDiscrete = false
  }

  /// A schedule from Karras' sigmas, `sigma / alpha`, rising: of a model of unscaled data, `x / alpha = x0 + karrasSigma eps`, whose
  /// variance grows with the noise.
  ///
  /// - Parameters:
  ///   - karrasSigmas: By training step, the first above 0.
  ///   - ramp: The formula that they lie on or that steps are spread by, if there is one.
  ///   - isDiscrete: Whether a sigma between two of them means the nearer.
  public init(karrasSigmas: [Double], ramp: SigmaRamp? = nil, isDiscrete: Bool = false) {
    precondition(
      !karrasSigmas.isEmpty && karrasSigmas[0] > 0 && zip(karrasSigmas, karrasSigmas.dropFirst()).allSatisfy(<),
      "a schedule's sigmas are positive and rise")
    alphaBars = karrasSigmas.map { Float(1 / (1 + $0 * $0)) }
    exactSigmas = karrasSigmas
    self.ramp = ramp
    self.isDiscrete = isDiscrete
  }

  /// Whether the schedule is one of sigmas, of a model of unscaled data; such a run begins with noise alone.
  public var isVarianceExploding: Bool { exactSigmas != nil }

  /// What keeps a table from being a schedule, or nil.
  package static func fault(in alphaBars: [Float]) -> String? {
    guard !alphaBars.isEmpty else { return "a schedule has at least one step" }
    guard alphaBars.allSatisfy({ (0...1).contains($0) }) else { return "alphaBar leaves 0...1" }
    guard zip(alphaBars, alphaBars.dropFirst().dropLast()).allSatisfy({ $0 >= $1 }) else { return "alphaBar rises" }
    return nil
  }

  /// Training steps.
  public var count: Int { alphaBars.count }

  /// The last training step, which holds the most noise.
  public var last: Int { alphaBars.count - 1 }

  /// The noise level of a training step.
  public func level(at timestep: Int) -> NoiseLevel {
    if let exactSigmas { return NoiseLevel(karrasSigma: exactSigmas[timestep], timestep: Double(timestep)) }
    return NoiseLevel(alphaBar: Double(alphaBars[timestep]), timestep: Double(timestep))
  }

  /// The noise level of a training step, or between two of them by linear interpolation of `sigma / alpha`.
  public func level(at timestep: Double) -> NoiseLevel {
    let whole = Int(timestep)
    return Double(whole) == timestep
      ? level(at: whole) : NoiseLevel(karrasSigma: karrasSigma(at: timestep), timestep: timestep)
  }

  /// Karras' sigma of a training step, `sqrt((1 - alphaBar) / alphaBar)`, in 32 bits.
  public func karrasSigma(at timestep: Int) -> Float {
    if let exactSigmas { return Float(exactSigmas[timestep]) }
    return ((1 - alphaBars[timestep]) / alphaBars[timestep]).squareRoot()
  }

  /// Karras' sigma by linear interpolation, with what lies outside the table moved to its ends.
  public func karrasSigma(at timestep: Double) -> Double {
    guard timestep > 0 else { return Double(karrasSigma(at: 0)) }
    guard timestep < Double(last) else { return Double(karrasSigma(at: last)) }
    let below = Int(timestep)
    let (low, high) = (Double(karrasSigma(at: below)), Double(karrasSigma(at: below + 1)))
    return (high - low) * (timestep - Double(below)) + low
  }

  /// The level at which Karras' sigma takes a value, with the training step that is there, or the nearest training step's on
  /// a schedule that has no others.
  public func level(atKarrasSigma sigma: Double) -> NoiseLevel {
    if isDiscrete, let exactSigmas { return level(at: Preconditioning.nearest(to: sigma, in: exactSigmas)) }
    return NoiseLevel(karrasSigma: sigma, timestep: timestep(atKarrasSigma: sigma))
  }

  /// The fractional training step at which Karras' sigma takes a value, by linear interpolation of its logarithm, with what
  /// lies outside the table moved to its ends.
  public func timestep(atKarrasSigma sigma: Double) -> Double {
    guard count > 1, sigma > 0 else { return 0 }
    let target = log(sigma)
    let low = min((0..<count).last { log(level(at: $0).karrasSigma) <= target } ?? 0, last - 1)
    let (below, above) = (log(level(at: low).karrasSigma), log(level(at: low + 1).karrasSigma))
    guard above > below else { return Double(low) }
    return Double(low) + min(max((target - below) / (above - below), 0), 1)
  }
}
