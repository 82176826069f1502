public import HostMath

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

  /// The distance of two sets by subsets.
  ///
  /// - Parameters:
  ///   - first: Rows of features, `[n, dimension]`; at least two.
  ///   - second: Rows of the other set.
  ///   - dimension: Values of a row.
  ///   - subsetSize: Rows of a subset, at most those of the smaller set.
  ///   - bootstrap: The number and the seed of the subsets.
  public init(_ first: [Float], _ second: [Float], dimension: Int, subsetSize: Int = 1000, _ bootstrap: Bootstrap) {
    let counts = (first.count / dimension, second.count / dimension), size = min(subsetSize, counts.0, counts.1)
    precondition(size >= 2, "a kernel distance takes at least two rows of each set")
    let values = (0..<bootstrap.replicates).map { replicate in
      kernelDistance(
        rows(bootstrap.subset(size, of: counts.0, replicate: replicate, stream: 0), of: first, dimension),
        rows(bootstrap.subset(size, of: counts.1, replicate: replicate, stream: 1), of: second, dimension),
        dimension: dimension)
    }
    let mean = values.reduce(0, +) / Double(values.count)
    deviation = variance(values).squareRoot()
    self.subsetSize = size
    // Subsets of m of n rows vary by 1/m - 1/n where the whole varies by 1/n.
    let n = Double(min(counts.0, counts.1)), m = Double(size)
    let whole = m < n ? deviation * (m / (n - m)).squareRoot() : deviation
    let half = 1.96 * whole
    estimate = Estimate(mean, interval: m < n ? mean - half...mean + half : nil)
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
