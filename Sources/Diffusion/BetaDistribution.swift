import Foundation

/// The beta distribution on 0...1, whose quantiles space the steps of some runs.
struct BetaDistribution {
  private let a: Double
  private let b: Double
  private let logarithmOfBeta: Double

  init(_ a: Double, _ b: Double) {
    self.a = a
    self.b = b
    logarithmOfBeta = lgamma(a) + lgamma(b) - lgamma(a + b)
  }

  /// The value below which a fraction `p` of the distribution lies, by bisection to the last bit.
  func quantile(_ p: Double) -> Double {
    guard p > 0 else { return 0 }
    guard p < 1 else { return 1 }
    var (low, high) = (0.0, 1.0)
    while true {
      let middle = (low + high) / 2
      guard middle > low && middle < high else { return middle }
      if cumulative(middle) < p { low = middle } else { high = middle }
    }
  }

  /// The regularised incomplete beta function `I_x(a, b)`.
  func cumulative(_ x: Double) -> Double {
    x < (a + 1) / (a + b + 2) ? tail(x, a, b) : 1 - tail(1 - x, b, a)
  }

  /// `I_x(a, b)` by the continued fraction of Didonato and Morris (1992), which converges fast for small `x`.
  private func tail(_ x: Double, _ a: Double, _ b: Double) -> Double {
    guard x > 0 else { return 0 }
    let factor = exp(a * log(x) + b * log1p(-x) - logarithmOfBeta) / a
    // Lentz's method: numerators d_m of the fraction 1 / (1 + d_1 / (1 + d_2 / ...)).
    let tiny = 1e-300
    var (c, d) = (1.0, 1 / (1 - (a + b) * x / (a + 1)))
    var result = d
    for step in 1...500 {
      let m = Double(step)
      let even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
      let odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
      var change = 1.0
      for numerator in [even, odd] {
        d = 1 / max(abs(1 + numerator * d), tiny) * (1 + numerator * d < 0 ? -1 : 1)
        c = 1 + numerator / c
        if abs(c) < tiny { c = tiny }
        change = c * d
        result *= change
      }
      if abs(change - 1) < 1e-16 { break }
    }
    return factor * result
  }
}
