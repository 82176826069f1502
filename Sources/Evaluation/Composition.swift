import Foundation

/// How a set is distributed over classes.
public struct Composition: Sendable, Hashable {
  /// The share of each class; they add up to 1.
  public let shares: [Double]
  /// The images that were counted.
  public let count: Int

  /// The distribution of answers over `classCount` classes.
  public init(answers: [Int], classCount: Int) {
    self.init(answers: answers, weights: .init(repeating: 1, count: answers.count), classCount: classCount)
  }

  /// The distribution of answers of which each counts as often as its weight says.
  init(answers: [Int], weights: [Int], classCount: Int) {
    var counts = [Int](repeating: 0, count: classCount)
    for (answer, weight) in zip(answers, weights) { counts[answer] += weight }
    let count = counts.reduce(0, +)
    self.init(shares: counts.map { Double($0) / Double(max(1, count)) }, count: count)
  }

  /// A distribution from its shares.
  public init(shares: [Double], count: Int) {
    self.shares = shares
    self.count = count
  }

  /// Shannon's entropy in bits: `- sum over k of p_k log2 p_k`, at most the binary logarithm of the number of classes.
  public var entropy: Double { shares.reduce(0) { $1 > 0 ? $0 - $1 * log2($1) : $0 } }

  /// The entropy of equal shares in bits.
  static func largestEntropy(classCount: Int) -> Double { log2(Double(max(1, classCount))) }

  /// The total variation distance: half the sum of the differences of shares, from 0 to 1.
  public func totalVariation(to other: Composition) -> Double {
    zip(shares, other.shares).reduce(0) { $0 + abs($1.0 - $1.1) } / 2
  }

  /// The Kullback-Leibler divergence to another distribution in bits, `sum over k of p_k log2(p_k / q_k)`.
  ///
  /// Infinite where this set has a class that the other lacks.
  public func divergence(to other: Composition) -> Double {
    zip(shares, other.shares).reduce(0) { sum, pair in
      pair.0 > 0 ? sum + pair.0 * log2(pair.0 / pair.1) : sum
    }
  }

  /// Compositions of resampled images: only the counts of the classes matter, so that no list of answers is needed.
  func replicates(_ bootstrap: Bootstrap) -> [Composition] {
    let answers = shares.enumerated().flatMap { place, share in
      [Int](repeating: place, count: Int((share * Double(count)).rounded()))
    }
    return (0..<bootstrap.replicates).map { replicate in
      Composition(
        answers: answers, weights: bootstrap.weights(count: answers.count, replicate: replicate),
        classCount: shares.count)
    }
  }

  /// The composition that a classifier with a known confusion matrix would have reported as this one, in the least squares sense.
  ///
  /// ```
  /// minimise  || M^T p - q ||^2   over p_k >= 0, sum of p_k = 1
  /// ```
  ///
  /// `q` is this composition and `M` the share of each predicted class (column) among images of each true class (row). Solved by
  /// accelerated projected gradients (Beck and Teboulle 2009) with the projection onto the simplex of Duchi and others (2008).
  ///
  /// - Parameter confusion: Images by true class (rows) and predicted class (columns).
  public func corrected(by confusion: [[Int]]) -> Composition {
    let rows = confusion.map { row in row.map { Double($0) / Double(max(1, row.reduce(0, +))) } }
    let classes = shares.count
    precondition(rows.count == classes && rows.allSatisfy { $0.count == classes }, "a row and a column a class")
    // The largest eigenvalue of M M^T is at most its trace.
    let step = 1 / max(rows.joined().reduce(0) { $0 + $1 * $1 }, 1e-12)
    var p = shares, ahead = shares, momentum = 1.0
    for _ in 0..<5_000 {
      let predicted = (0..<classes).map { k in (0..<classes).reduce(0) { $0 + rows[$1][k] * ahead[$1] } }
      let error = zip(predicted, shares).map(-)
      let next = Self.onSimplex(
        (0..<classes).map { k in ahead[k] - step * (0..<classes).reduce(0) { $0 + rows[k][$1] * error[$1] } })
      let following = (1 + (1 + 4 * momentum * momentum).squareRoot()) / 2
      ahead = zip(next, p).map { $0 + (momentum - 1) / following * ($0 - $1) }
      let change = zip(next, p).reduce(0) { max($0, abs($1.0 - $1.1)) }
      (p, momentum) = (next, following)
      if change < 1e-13 { break }
    }
    return Composition(shares: p, count: count)
  }

  /// The nearest point whose coordinates are not negative and add up to 1.
  private static func onSimplex(_ point: [Double]) -> [Double] {
    var sum = 0.0, shift = 0.0
    for (place, value) in point.sorted(by: >).enumerated() {
      sum += value
      let candidate = (sum - 1) / Double(place + 1)
      if value > candidate { shift = candidate }
    }
    return point.map { max(0, $0 - shift) }
  }
}
