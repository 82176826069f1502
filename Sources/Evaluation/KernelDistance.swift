import HostMath

/// The kernel distance of features, KID: the squared maximum mean discrepancy of a cubic kernel (Binkowski and others 2018).
///
/// ```
/// k(x, y) = (x . y / d + 1)^3
/// KID = mean over i != j of k(x_i, x_j) + mean over i != j of k(y_i, y_j) - 2 mean over i, j of k(x_i, y_j)
/// ```
///
/// It is unbiased, so that it can be negative. As is customary it is the mean over subsets of both sets, drawn without replacement.
public struct KernelDistance: Sendable, Hashable {
  /// The mean over the subsets, with the interval of the distance of all rows.
  public let estimate: Estimate
  /// The standard deviation of the distance of one subset.
  public let deviation: Double
  /// Rows of a subset.
  public let subsetSize: Int
  /// Subsets of each set.
  public let subsetCount: Int

  /// The distance of two sets by subsets.
  ///
  /// The interval comes from parts of both sets, drawn without replacement since equal rows have no distance. A part `f` of each set
  /// varies about the whole by `1/f - 1` times the variance of the whole about the truth (Politis and Romano 1994), halves by
  /// just as much. Both sets are counted as samples.
  ///
  /// - Parameters:
  ///   - first: Rows of features, `[n, dimension]`; at least two.
  ///   - second: Rows of the other set.
  ///   - dimension: Values of a row.
  ///   - subsetSize: Rows of a subset, at most those of the smaller set.
  ///   - bootstrap: The number and the seed of the subsets; without it there are 100 (seed 0) and there is no interval.
  public init(_ first: [Float], _ second: [Float], dimension: Int, subsetSize: Int = 1000, _ bootstrap: Bootstrap?) {
    let counts = (first.count / dimension, second.count / dimension), size = min(subsetSize, counts.0, counts.1)
    precondition(size >= 2, "a kernel distance takes at least two rows of each set")
    let draws = bootstrap ?? Bootstrap(replicates: 100)
    func distances(_ sizes: (Int, Int)) -> [Double] {
      (0..<draws.replicates).map { replicate in
        kernelDistance(
          rows(draws.subset(sizes.0, of: counts.0, replicate: replicate, stream: 0), of: first, dimension),
          rows(draws.subset(sizes.1, of: counts.1, replicate: replicate, stream: 1), of: second, dimension),
          dimension: dimension)
      }
    }
    // Subsets of all rows are all the same.
    let isWhole = size == counts.0 && size == counts.1
    let values = isWhole ? [kernelDistance(first, second, dimension: dimension)] : distances((size, size))
    let mean = values.reduce(0, +) / Double(values.count)
    deviation = variance(values).squareRoot()
    self.subsetSize = size
    subsetCount = values.count
    let part = min(0.5, Double(subsetSize) / Double(max(counts.0, counts.1)))
    let parts = (Int(part * Double(counts.0)), Int(part * Double(counts.1)))
    guard let bootstrap, min(parts.0, parts.1) >= 2 else {
      estimate = Estimate(mean)
      return
    }
    let drawn = parts == (size, size) ? values : distances(parts)
    let scale = (part / (1 - part)).squareRoot(), centre = drawn.reduce(0, +) / Double(drawn.count)
    estimate = Estimate(mean, replicates: drawn.map { mean + scale * ($0 - centre) }, bootstrap).withoutBias
  }
}

/// The unbiased kernel distance of all rows of two sets, see ``KernelDistance``; `O(n m dimension)`.
public func kernelDistance(_ first: [Float], _ second: [Float], dimension: Int) -> Double {
  let x = first.map(Double.init), y = second.map(Double.init)
  func sum(_ a: [Double], _ b: [Double], withoutDiagonal: Bool) -> Double {
    let rows = a.count / dimension, columns = b.count / dimension
    let products = product(a, transposed: b, rows: rows, columns: columns, inner: dimension)
    var sum = 0.0
    for (place, value) in products.enumerated() where !(withoutDiagonal && place / columns == place % columns) {
      let base = value / Double(dimension) + 1
      sum += base * base * base
    }
    return sum
  }
  let n = Double(x.count / dimension), m = Double(y.count / dimension)
  return sum(x, x, withoutDiagonal: true) / (n * (n - 1)) + sum(y, y, withoutDiagonal: true) / (m * (m - 1))
    - 2 * sum(x, y, withoutDiagonal: false) / (n * m)
}

/// Some rows of a row-major array.
func rows(_ places: [Int], of values: [Float], _ dimension: Int) -> [Float] {
  places.flatMap { values[$0 * dimension..<($0 + 1) * dimension] }
}
