/// How well a denoiser predicts clean data, and how well the best linear estimate does, noise level by noise level.
///
/// ```
/// g = alpha^2 / sigma^2                            the signal-to-noise ratio of a level
/// linear(g)   = sum over directions of l / (1 + g l)      the error of the Gaussian with the data's covariance
/// denoiser(g) = E |x0 - estimate|^2                       the denoiser's, summed over the values of an image
/// KL(g) = 1/2 integral from 0 to g of (linear - denoiser) dg
/// ```
///
/// The last is the divergence in nats of the noised data from the Gaussian with their moments (Guo, Shamai and Verdu 2005), where the
/// denoiser is exact. A network's error is larger than that of the exact denoiser: its divergence is a lower bound and vanishes too
/// early where the network is poor. From states of the Gaussian itself (``Source/gaussian``) it is the divergence the other way round.
public struct DenoisingCurve: Sendable, Hashable {
  /// What was noised.
  public enum Source: String, Sendable, Hashable, Codable {
    /// Data: `KL(data || Gaussian)`.
    case data
    /// Draws from the Gaussian: `KL(Gaussian || the denoiser's data)`, by the error of a mismatched estimate (Verdu 2010).
    case gaussian = "statistics"
  }

  /// The errors at one level.
  public struct Level: Sendable, Hashable, Codable {
    /// The training step.
    public var step: Int
    /// `g = alpha^2 / sigma^2`.
    public var signalToNoise: Double
    /// The error of the best linear estimate, in closed form.
    public var linearError: Double
    /// How much smaller the denoiser's error is, from the same draws; from draws of the Gaussian, how much larger.
    public var difference: Double
    /// The standard error of the difference.
    public var standardError: Double

    private enum CodingKeys: String, CodingKey {
      case step, difference
      case signalToNoise = "snr"
      case linearError = "linear_error"
      case standardError = "standard_error"
    }

    /// The errors at a level.
    public init(step: Int, signalToNoise: Double, linearError: Double, difference: Double, standardError: Double) {
      self.step = step
      self.signalToNoise = signalToNoise
      self.linearError = linearError
      self.difference = difference
      self.standardError = standardError
    }
  }

  /// The levels, most noise first.
  public let levels: [Level]
  /// What was noised.
  public let source: Source
  private let grid: LevelGrid
  /// At the places of the grid: the denoiser's error, its integral, the difference, and the integrals of that and of its positive part.
  private let errors: [Double]
  private let errorSums: [Double]
  private let differences: [Double]
  private let differenceSums: [Double]
  private let clippedSums: [Double]

  /// A curve through at least three levels of rising signal-to-noise ratio.
  public init(levels: [Level], source: Source = .data) {
    self.levels = levels
    self.source = source
    grid = LevelGrid(levels.map(\.signalToNoise))
    differences = grid.refined(levels.map(\.difference))
    errors = grid.refined(levels.map { source == .data ? $0.linearError - $0.difference : $0.linearError })
    errorSums = grid.integrals(errors)
    differenceSums = grid.integrals(differences)
    clippedSums = grid.integrals(differences.map { max(0, $0) })
  }

  /// The denoiser's error for data at a signal-to-noise ratio; the Gaussian's own where no data were seen.
  public func error(at ratio: Double) -> Double { grid.value(errors, at: ratio) }

  /// The divergence in nats at a signal-to-noise ratio, from the positive part of the difference.
  public func divergence(at ratio: Double) -> Double { divergence(clippedSums, differences.map { max(0, $0) }, ratio) }

  /// The same from the whole difference: less where the denoiser is worse than the Gaussian.
  public func unclippedDivergence(at ratio: Double) -> Double { divergence(differenceSums, differences, ratio) }

  private func divergence(_ sums: [Double], _ values: [Double], _ ratio: Double) -> Double {
    grid.integral(values, sums, to: ratio) / 2
  }

  /// What steps between some levels lose beside the exact dynamics, in nats, down to a detail.
  ///
  /// ```
  /// D = sum over steps of 1/2 [(g' - g) denoiser(g) - integral from g to g' of denoiser]
  /// ```
  ///
  /// The gap of the discrete variational bound (Kingma, Salimans, Poole and Ho 2021): each step keeps the estimate with which it begins.
  ///
  /// - Parameters:
  ///   - ratios: The signal-to-noise ratios at which the denoiser is evaluated.
  ///   - detail: The ratio from which on nothing counts.
  public func discretization(visiting ratios: [Double], detail: Double) -> Double {
    let visited = ratios.filter { $0 < detail }.sorted() + [detail]
    return zip(visited, visited.dropFirst()).reduce(0) { sum, step in
      let exact = grid.integral(errors, errorSums, to: step.1) - grid.integral(errors, errorSums, to: step.0)
      return sum + ((step.1 - step.0) * error(at: step.0) - exact) / 2
    }
  }

  /// The signal-to-noise ratio below which the Gaussian predicts the clean data better than the denoiser does.
  ///
  /// Where the unclipped divergence is least, below a detail: the one change of sign of the difference, and among several, which noise
  /// makes, the one that fits best. The first level's ratio where the denoiser is better throughout, and from draws of the Gaussian,
  /// which say nothing about it; nil where it is worse throughout.
  public func crossover(detail: Double) -> Double? {
    guard source == .data else { return grid.ratios[0] }
    let end = grid.ratios.lastIndex { $0 <= detail } ?? 0
    guard let least = (0...end).min(by: { differenceSums[$0] < differenceSums[$1] }), least < end else { return nil }
    guard least > 0, differences[least] != differences[least + 1] else { return grid.ratios[least] }
    // The sign changes beside the least sum, between two places of the grid.
    let low = differences[least] < 0 ? least : least - 1
    let share = differences[low] / (differences[low] - differences[low + 1])
    return grid.ratios[low] + min(max(share, 0), 1) * (grid.ratios[low + 1] - grid.ratios[low])
  }

  /// Standard errors of ``divergence(at:)`` from the differences of single draws, a list a level.
  ///
  /// Draws share their noise across levels, so that the integral of each is one number and their spread is the error.
  ///
  /// - Parameters:
  ///   - draws: `[levels][draws]`, as many draws at each level.
  ///   - ratios: Where.
  public func standardErrors(of draws: [[Double]], at ratios: [Double]) -> [Double] {
    let count = draws[0].count
    var sums = [Double](repeating: 0, count: ratios.count), squares = sums
    for draw in 0..<count {
      let own = grid.refined(draws.map { $0[draw] }).enumerated().map { differences[$0] > 0 ? $1 : 0 }
      let integrals = grid.integrals(own)
      for (place, ratio) in ratios.enumerated() {
        let value = divergence(integrals, own, ratio)
        sums[place] += value
        squares[place] += value * value
      }
    }
    return zip(sums, squares).map { sum, square in
      let mean = sum / Double(count)
      return (max(0, square / Double(count) - mean * mean) / Double(max(1, count - 1))).squareRoot()
    }
  }
}
