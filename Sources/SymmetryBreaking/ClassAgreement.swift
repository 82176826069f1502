/// How often two paths end in the same class: the clone test, and the U-turn's persistence.
///
/// Clones share the path down to a noise level and go on with fresh noise: `phi` is the chance that they agree. A U-turn
/// noises a finished sample to the level and generates again. Given the state at the level, both ends of either pair are
/// independent draws of the same posterior, so that in exact worlds the two are the same number,
///
/// ```
/// phi = E over x of sum over k of p_k(x)^2
/// ```
///
/// from 1 where the class is decided to the sum of the squared shares where nothing is. Biroli, Bonnaire, de Bortoli and
/// Mezard (2024).
public struct ClassAgreement: Sendable, Hashable {
  /// The share of pairs whose two ends have one class.
  public let share: Double
  /// The pairs.
  public let pairs: Int

  /// The agreement of two lists of classes, one entry a pair.
  public init(_ first: [Int], _ second: [Int]) {
    precondition(first.count == second.count && !first.isEmpty, "two classes a pair, and at least one pair")
    pairs = first.count
    share = Double(zip(first, second).count { $0 == $1 }) / Double(first.count)
  }

  /// The standard error of the share, `sqrt(share (1 - share) / pairs)`.
  public var standardError: Double { (share * (1 - share) / Double(pairs)).squareRoot() }
}

/// The place from which on each sample's class no longer changes.
///
/// The decision time of a sample: the last change of a classifier's answer to its estimate of the clean data.
///
/// - Parameter answers: A list a place along the run, in the run's order, of one answer a sample.
/// - Returns: For each sample the place of the first of its last equal answers; 0 where it never changed.
public func decisionPlaces(of answers: [[Int]]) -> [Int] {
  guard let last = answers.last else { return [] }
  precondition(answers.allSatisfy { $0.count == last.count }, "an answer a sample at every place")
  return last.indices.map { sample in
    answers.lastIndex { $0[sample] != last[sample] }.map { $0 + 1 } ?? 0
  }
}
