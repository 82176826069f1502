import Evaluation
import Foundation
public import SymmetryBreaking

/// When a model's samples decide what they become; see ``DynamicsAnalysis``.
public struct DynamicsFindings: Sendable, Hashable {
  /// How often pairs of samples that part at one training step agree in their class.
  public struct Agreement: Sendable, Hashable {
    /// The training step.
    public let step: Int
    /// Of clones, which share the state at the step.
    public let clone: ClassAgreement
    /// Of samples and what their noised state becomes.
    public let turn: ClassAgreement
  }

  /// A denoising loss, with what the Gaussian of the data's moments explains.
  public struct Loss: Sendable, Hashable, Codable {
    /// The training step.
    public let step: Int
    /// `sigma / alpha`.
    public let karrasSigma: Double
    /// The mean of `|x0 - estimate|^2`, summed over an image's values.
    public let error: Double
    /// Its standard error.
    public let standardError: Double
    /// The Gaussian's error on the same states; nil where the data's moments are not known.
    public var gaussianError: Double?
    /// The part of the estimates' variance that the Gaussian's estimates explain.
    public var explainedDenoiser: Double?
    /// The part of the score that the Gaussian's score explains.
    public var explainedScore: Double?
  }

  /// Where the exact score of a data set would begin to fall onto single images of it; see `EntropyProfile/collapseSigma(samples:)`.
  public struct Collapse: Sendable, Hashable {
    /// The training step.
    public let step: Int
    /// The images of the data set.
    public let images: Int
  }

  /// A training step with the interval that resampled samples give it.
  public struct Place: Sendable, Hashable {
    /// The step.
    public let step: Double
    /// Its 95 % interval, or nil where fewer than nine in ten resamplings have such a step.
    public let interval: ClosedRange<Double>?
  }

  /// The agreements, noisiest step first.
  public let agreements: [Agreement]
  /// The step at which `phi` of the clones passes ``threshold``, or nil where it does not.
  public let crossing: Place?
  /// The largest rise of `phi` from one step to the next noisier one in units of its standard error, by which it should only fall.
  public let largestRise: Double
  /// The training steps of the runs, noisiest first.
  public let levels: [Double]
  /// The training step of each sample after which its class no longer changed; 0 for one that changed at the very last.
  public let decisions: [Double]
  /// The denoising losses, noisiest first.
  public let losses: [Loss]
  /// The step at which the leading variance of the data equals the noise's; nil where it is not known or never does.
  public let speciation: Int?
  /// Where the data's own score collapses; nil where the data's number is not known, or where it does not within the run.
  public let collapse: Collapse?

  /// `phi` at the speciation time of two Gaussians (Biroli and others 2024; .7753 in their text is the rounding of a quadrature).
  public static let threshold = 0.7752

  /// Findings from the classes of pairs.
  init(
    pairs: [(step: Int, ends: DynamicsAnalysis.PairEnds)], levels: [Double], decisions: [Int], losses: [Loss],
    speciation: Int?, collapse: Collapse?
  ) {
    agreements = pairs.map { pair in
      Agreement(
        step: pair.step, clone: ClassAgreement(pair.ends.first, pair.ends.clones),
        turn: ClassAgreement(pair.ends.first, pair.ends.turns))
    }
    let agree = pairs.map { pair in zip(pair.ends.first, pair.ends.clones).map { $0 == $1 } }
    crossing = Self.crossing(steps: pairs.map(\.step), agree)
    largestRise = Self.largestRise(agree)
    self.levels = levels
    self.decisions = decisions.map { levels.indices.contains($0) ? levels[$0] : 0 }
    self.losses = losses
    self.speciation = speciation
    self.collapse = collapse
  }

  /// The profile of the conditional entropy, from the losses with the least noise first; nil of fewer than two.
  public var entropy: EntropyProfile? {
    guard losses.count > 1 else { return nil }
    let rising = losses.reversed()
    return EntropyProfile(karrasSigmas: rising.map(\.karrasSigma), losses: rising.map(\.error))
  }

  /// Where `phi` passes the threshold, by a straight line between two steps, with an interval from resampled samples.
  private static func crossing(steps: [Int], _ agree: [[Bool]]) -> Place? {
    func place(_ weights: [Int]) -> Double? {
      let total = Double(weights.reduce(0, +))
      let phi = agree.map { row in zip(row, weights).reduce(0) { $0 + ($1.0 ? Double($1.1) : 0) } / total }
      guard let first = phi.firstIndex(where: { $0 >= threshold }), first > 0 else { return nil }
      let share = (threshold - phi[first]) / (phi[first - 1] - phi[first])
      return Double(steps[first]) + share * Double(steps[first - 1] - steps[first])
    }
    let count = agree.first?.count ?? 0
    guard let value = place(.init(repeating: 1, count: count)) else { return nil }
    let bootstrap = Bootstrap(replicates: 1000)
    let places = (0..<bootstrap.replicates).compactMap {
      place(bootstrap.weights(count: count, replicate: $0))
    }.sorted()
    guard places.count >= bootstrap.replicates * 9 / 10 else { return Place(step: value, interval: nil) }
    let low = places[places.count * 25 / 1000], high = places[min(places.count - 1, places.count * 975 / 1000)]
    return Place(step: value, interval: min(low, value)...max(high, value))
  }

  /// The largest rise of the share from one step to the noisier one, over the standard error of the paired difference.
  private static func largestRise(_ agree: [[Bool]]) -> Double {
    zip(agree, agree.dropFirst()).map { noisier, cleaner in
      let count = Double(noisier.count)
      let differences = zip(noisier, cleaner).map { ($0 ? 1.0 : 0) - ($1 ? 1 : 0) }
      let mean = differences.reduce(0, +) / count
      let variance = differences.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / max(1, count - 1)
      return variance > 0 ? mean / (variance / count).squareRoot() : 0
    }.max() ?? 0
  }
}
