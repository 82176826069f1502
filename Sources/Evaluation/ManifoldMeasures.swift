import HostMath

/// How much two sets cover each other, by balls around their points that reach to the k-th nearest neighbour.
///
/// Precision and recall are those of Kynkaanniemi and others (2019), density and coverage those of Naeem and others (2020):
///
/// ```
/// precision = share of samples inside any ball of the data            recall   = share of the data inside any ball of the samples
/// density   = balls of the data around a sample, on average, over k   coverage = share of the data whose ball holds a sample
/// ```
public struct ManifoldMeasures: Sendable, Hashable {
  /// The share of samples that look like data.
  public let precision: Double
  /// The share of the data that samples look like.
  public let recall: Double
  /// Like precision, without its weakness for outliers of the data; it can exceed 1.
  public let density: Double
  /// The share of the data that has a sample near it.
  public let coverage: Double

  /// The most rows of a set: the distances of all pairs then take some two gigabytes.
  public static let largestCount = 10_000

  /// The measures of all rows.
  ///
  /// - Parameters:
  ///   - samples: Rows of features, `[n, dimension]`; more than `neighbours`.
  ///   - data: Rows of the data's features.
  ///   - dimension: Values of a row.
  ///   - neighbours: Which neighbour a ball reaches to.
  public init(samples: [Float], data: [Float], dimension: Int, neighbours: Int = 3) {
    let table = DistanceTable(samples: samples, data: data, dimension: dimension)
    self.init(
      table, Array(0..<table.sampleCount), Array(0..<table.dataCount), neighbours: neighbours)
  }

  /// The measures of some rows of both sets.
  init(_ table: DistanceTable, _ samples: [Int], _ data: [Int], neighbours k: Int) {
    precondition(samples.count > k && data.count > k, "balls to the \(k)-th neighbour take more rows than that")
    let ofData = table.radii(of: data, in: table.withinData, width: table.dataCount, k)
    let ofSamples = table.radii(of: samples, in: table.withinSamples, width: table.sampleCount, k)
    var isCovered = [Bool](repeating: false, count: data.count), isRecalled = isCovered
    var precise = 0, balls = 0
    for (sampleRow, sample) in samples.enumerated() {
      var around = 0
      for (dataRow, point) in data.enumerated() {
        let distance = table.across[point * table.sampleCount + sample]
        if distance < ofData[dataRow] {
          around += 1
          isCovered[dataRow] = true
        }
        if distance < ofSamples[sampleRow] { isRecalled[dataRow] = true }
      }
      balls += around
      precise += around > 0 ? 1 : 0
    }
    func share(_ flags: [Bool]) -> Double { Double(flags.count { $0 }) / Double(data.count) }
    precision = Double(precise) / Double(samples.count)
    density = Double(balls) / Double(k * samples.count)
    recall = share(isRecalled)
    coverage = share(isCovered)
  }

  /// The four measures, with intervals where they were asked for.
  public struct Estimates: Sendable, Hashable {
    /// ``ManifoldMeasures/precision``.
    public let precision: Estimate
    /// ``ManifoldMeasures/recall``.
    public let recall: Estimate
    /// ``ManifoldMeasures/density``.
    public let density: Estimate
    /// ``ManifoldMeasures/coverage``.
    public let coverage: Estimate
  }

  /// The measures, with intervals from halves of both sets, drawn without replacement since equal rows have no distance.
  ///
  /// Halves of a set vary as much about the whole's value as the whole does about the truth (`1/m - 1/n` at `m = n/2`; Politis and Romano
  /// 1994). Costs the distances of all rows once, and a selection a half.
  public static func estimates(
    samples: [Float], data: [Float], dimension: Int, neighbours: Int = 3, _ bootstrap: Bootstrap?
  ) -> Estimates {
    let table = DistanceTable(samples: samples, data: data, dimension: dimension)
    let (n, m) = (table.sampleCount, table.dataCount)
    let whole = ManifoldMeasures(table, Array(0..<n), Array(0..<m), neighbours: neighbours)
    let halves = (0..<(bootstrap?.replicates ?? 0)).compactMap { replicate in
      bootstrap.map { bootstrap in
        ManifoldMeasures(
          table, bootstrap.subset(n / 2, of: n, replicate: replicate, stream: 0),
          bootstrap.subset(m / 2, of: m, replicate: replicate, stream: 1), neighbours: neighbours)
      }
    }
    func estimate(_ measure: (ManifoldMeasures) -> Double, largest: Double) -> Estimate {
      guard let bootstrap else { return Estimate(measure(whole)) }
      // A half has larger balls and so another value: only its spread tells about the whole.
      let values = halves.map(measure), shift = measure(whole) - values.reduce(0, +) / Double(values.count)
      return Estimate(
        measure(whole), replicates: values.map { $0 + shift }, bootstrap, limits: 0...largest
      ).withoutBias
    }
    return Estimates(
      precision: estimate(\.precision, largest: 1), recall: estimate(\.recall, largest: 1),
      density: estimate(\.density, largest: .infinity), coverage: estimate(\.coverage, largest: 1))
  }
}

/// The squared distances of all rows of two sets.
struct DistanceTable {
  let sampleCount: Int
  let dataCount: Int
  /// `[samples, samples]`.
  let withinSamples: [Float]
  /// `[data, data]`.
  let withinData: [Float]
  /// `[data, samples]`.
  let across: [Float]

  init(samples: [Float], data: [Float], dimension: Int) {
    sampleCount = samples.count / dimension
    dataCount = data.count / dimension
    let x = samples.map(Double.init), y = data.map(Double.init)
    withinSamples = Self.squaredDistances(x, x, dimension)
    withinData = Self.squaredDistances(y, y, dimension)
    across = Self.squaredDistances(y, x, dimension)
  }

  private static func squaredDistances(_ a: [Double], _ b: [Double], _ dimension: Int) -> [Float] {
    func norms(_ rows: [Double]) -> [Double] {
      (0..<rows.count / dimension).map { row in
        rows[row * dimension..<(row + 1) * dimension].reduce(0) { $0 + $1 * $1 }
      }
    }
    let (first, second) = (norms(a), norms(b))
    let products = product(a, transposed: b, rows: first.count, columns: second.count, inner: dimension)
    return products.enumerated().map { place, value in
      Float(max(0, first[place / second.count] + second[place % second.count] - 2 * value))
    }
  }

  /// The squared distance of some rows to their `k`-th nearest other one among them.
  func radii(of rows: [Int], in distances: [Float], width: Int, _ k: Int) -> [Float] {
    rows.map { row in
      // The nearest k so far, ascending: k is small.
      var nearest = [Float](repeating: .infinity, count: k)
      for other in rows where other != row {
        let distance = distances[row * width + other]
        guard distance < nearest[k - 1] else { continue }
        var place = k - 1
        while place > 0, nearest[place - 1] > distance {
          nearest[place] = nearest[place - 1]
          place -= 1
        }
        nearest[place] = distance
      }
      return nearest[k - 1]
    }
  }
}
