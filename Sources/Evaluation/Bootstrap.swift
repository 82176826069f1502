import Foundation
import Random

/// How the uncertainty of a measure is found: by measuring again on rows drawn from the set itself (Efron 1979).
public struct Bootstrap: Sendable, Hashable, Codable {
  /// How often it is measured again.
  public var replicates: Int
  /// The seed of the draws.
  public var seed: UInt64
  /// The probability with which an interval is to hold the true value.
  public var confidence: Double

  /// 200 draws and intervals of 95 %, by default.
  public init(replicates: Int = 200, seed: UInt64 = 0, confidence: Double = 0.95) {
    precondition(replicates >= 2 && (0.5..<1).contains(confidence), "two draws and a confidence below 1 are needed")
    self.replicates = replicates
    self.seed = seed
    self.confidence = confidence
  }

  /// How often each of `count` rows is drawn in one replicate, with replacement; the weights add up to `count`.
  public func weights(count: Int, replicate: Int) -> [Int] {
    var generator = SplitMix(seed: seed, 1, UInt64(replicate)), weights = [Int](repeating: 0, count: count)
    for _ in 0..<count { weights[Int.random(in: 0..<count, using: &generator)] += 1 }
    return weights
  }

  /// `size` of `count` rows in one replicate, without replacement and in no order, for measures that equal rows would break.
  public func subset(_ size: Int, of count: Int, replicate: Int, stream: UInt64 = 0) -> [Int] {
    precondition(size <= count, "\(size) of \(count) rows")
    var generator = SplitMix(seed: seed, 2 + stream, UInt64(replicate)), rows = Array(0..<count)
    for place in 0..<size { rows.swapAt(place, Int.random(in: place..<count, using: &generator)) }
    return Array(rows[..<size])
  }

  /// A confusion matrix as other images would have made it: each row drawn anew from its own shares.
  func resampled(_ confusion: [[Int]], replicate: Int) -> [[Int]] {
    var generator = SplitMix(seed: seed, 1 << 32, UInt64(replicate))
    return confusion.map { row in
      let answers = row.enumerated().flatMap { [Int](repeating: $0.offset, count: $0.element) }
      var drawn = [Int](repeating: 0, count: row.count)
      for _ in answers { drawn[answers[Int.random(in: 0..<answers.count, using: &generator)]] += 1 }
      return drawn
    }
  }
}

/// A measured value with the uncertainty that comes from the rows that it was measured on.
public struct Estimate: Sendable, Hashable, Codable {
  /// The value.
  public var value: Double
  /// Where the true value lies, or nil if that was not asked for.
  ///
  /// It always holds ``value``.
  public var interval: ClosedRange<Double>?
  /// By how much ``value`` is expected to be too large; nil if that was not asked for.
  public var bias: Double?

  /// A value, with or without its uncertainty.
  public init(_ value: Double, interval: ClosedRange<Double>? = nil, bias: Double? = nil) {
    self.value = value
    self.interval = interval
    self.bias = bias
  }

  /// A value with the bias-corrected interval of measurements on resampled rows.
  ///
  /// ```
  /// bias = mean(replicates) - value        centre = value - bias        interval = centre - quantiles(replicates - mean(replicates))
  /// ```
  ///
  /// This is the basic bootstrap interval (Davison and Hinkley 1997, section 5.2), which subtracts a measure's bias where a percentile
  /// interval doubles it. A measure of large bias lies outside of it, so that the end is moved to the value; what probability
  /// is thereby left over goes to the other end, so that the interval as a whole keeps its confidence. A measure that is infinite on
  /// some rows, such as the divergence from data without one of their classes, gets all values that were seen.
  ///
  /// - Parameters:
  ///   - value: The measure of all rows.
  ///   - replicates: The measure of resampled rows.
  ///   - bootstrap: The confidence.
  ///   - deviation: The standard deviation of the measure where it is known better than from the replicates, which are then scaled.
  ///   - limits: The values that the measure can have.
  ///   - isSquare: Whether the measure is the square of a distance. What is squared has errors that lean upwards and spread the more the
  ///     larger it is, which its root has not: the upper end is then at least that of the interval of the roots.
  public init(
    _ value: Double, replicates: [Double], _ bootstrap: Bootstrap, deviation: Double? = nil,
    limits: ClosedRange<Double> = -Double.infinity...Double.infinity, isSquare: Bool = false
  ) {
    guard value.isFinite, replicates.allSatisfy(\.isFinite) else {
      // Nothing is known of such a measure's distribution but where it was seen.
      self.init(value, interval: replicates.reduce(value, min)...replicates.reduce(value, max))
      return
    }
    let count = Double(replicates.count), mean = replicates.reduce(0, +) / count
    let spread = variance(replicates).squareRoot()
    let scale = deviation.map { spread > 0 ? $0 / spread : 0 } ?? 1
    let errors = replicates.map { ($0 - mean) * scale }.sorted()
    let bias = mean - value, centre = value - bias, tail = 1 - bootstrap.confidence
    func quantile(_ part: Double) -> Double { Self.quantile(part, of: errors) }
    var low = centre - quantile(1 - tail / 2), high = centre - quantile(tail / 2)
    if high < value {
      high = value
      low = centre - quantile(1 - tail + Double(errors.count { -$0 > value - centre }) / count)
    } else if low > value {
      low = value
      high = centre - quantile(tail - Double(errors.count { -$0 < value - centre }) / count)
    }
    if isSquare {
      high = max(high, Self.upperSquare(centre, replicates, deviation: deviation ?? spread, part: tail / 2))
    }
    func limited(_ end: Double) -> Double { min(max(end, limits.lowerBound), limits.upperBound) }
    self.init(value, interval: min(limited(low), value)...max(limited(high), value), bias: bias)
  }

  /// The square of the upper end of the interval of a square's root, `(r - quantile(errors of r))^2`.
  ///
  /// A root has the standard deviation `deviation / 2 r`; near zero, where that has no meaning, `r` counts as the root of `deviation`.
  private static func upperSquare(
    _ square: Double, _ replicates: [Double], deviation: Double, part: Double
  ) -> Double {
    let roots = replicates.map { max(0, $0).squareRoot() }, mean = roots.reduce(0, +) / Double(roots.count)
    let spread = variance(roots).squareRoot()
    guard spread > 0 else { return max(0, square) }
    let scale = deviation / (2 * max(square, deviation).squareRoot()) / spread
    let errors = roots.map { ($0 - mean) * scale }.sorted(),
      end = max(0, square).squareRoot() - quantile(part, of: errors)
    return end * end
  }

  /// The estimate of a measure whose replicates tell about its spread alone.
  var withoutBias: Estimate { Estimate(value, interval: interval) }

  /// A quantile of sorted numbers, by a straight line between neighbours.
  static func quantile(_ part: Double, of sorted: [Double]) -> Double {
    let place = min(max(part, 0), 1) * Double(sorted.count - 1), index = min(Int(place), max(0, sorted.count - 2))
    guard sorted.count > 1 else { return sorted.first ?? .nan }
    return sorted[index] + (place - Double(index)) * (sorted[index + 1] - sorted[index])
  }
}
