/// Collects mean and covariance of rows in one pass, whatever their number.
///
/// Up to ``denseLimit`` dimensions the covariance is exact, and so it is where all directions that the rows can have are kept: second
/// moments about the first rows' mean are added up in double precision, so that a large mean costs no digits. Above, a basis of at most `rank` directions is kept and brought up to date
/// block by block (an incremental principal component analysis: the singular vectors of the old basis, weighted, stacked on the
/// new block; Ross, Lim, Lin and Yang 2008), and the total variance stays exact, so that the remainder is right.
public struct MomentAccumulator {
  /// The largest dimension whose covariance is held whole: 4,096, or 134 MB.
  public static let denseLimit = 4096

  /// Values of one row.
  public let dimension: Int
  /// Directions that are kept.
  public let rank: Int

  private(set) var count = 0
  private var shift: [Double] = []
  private var sum: [Double]
  private var squares = 0.0
  private var dense: [Double] = []
  private var directions = WeightedDirections()

  /// An accumulator of rows of `dimension` values.
  ///
  /// - Parameters:
  ///   - dimension: Values of one row.
  ///   - rank: Directions to keep, or nil for all where the covariance is held whole and 512 above.
  ///   - count: Rows that will come, or nil if nobody knows. They have no more directions than they are, so that no more are
  ///     kept; and few rows of many values are cheaper by their directions than by a matrix of all values.
  public init(dimension: Int, rank: Int? = nil, count: Int? = nil) {
    precondition(dimension > 0, "rows hold at least one value")
    self.dimension = dimension
    let rows = max(1, count ?? .max), isDense = dimension <= Self.denseLimit && dimension / 4 < rows
    self.rank = min(rank ?? (dimension <= Self.denseLimit ? dimension : 512), dimension, rows)
    sum = .init(repeating: 0, count: dimension)
    if isDense { dense = .init(repeating: 0, count: dimension * dimension) }
  }

  /// Adds rows; their number is the count divided by ``dimension``.
  public mutating func add(_ rows: [Float]) {
    precondition(rows.count % dimension == 0, "\(rows.count) values are no rows of \(dimension)")
    let rowCount = rows.count / dimension
    guard rowCount > 0 else { return }
    if count == 0 { shift = Self.mean(of: rows, dimension: dimension) }
    var centred = [Double](repeating: 0, count: rows.count)
    for row in 0..<rowCount {
      for column in 0..<dimension {
        let value = Double(rows[row * dimension + column]) - shift[column]
        centred[row * dimension + column] = value
        sum[column] += value
        squares += value * value
      }
    }
    count += rowCount
    if dense.isEmpty {
      directions.add(centred, rows: rowCount, dimension: dimension, rank: rank)
    } else {
      addSquare(centred, rows: rowCount, columns: dimension, toUpperTriangleOf: &dense)
    }
  }

  private static func mean(of rows: [Float], dimension: Int) -> [Double] {
    let rowCount = rows.count / dimension
    var mean = [Double](repeating: 0, count: dimension)
    for row in 0..<rowCount {
      for column in 0..<dimension { mean[column] += Double(rows[row * dimension + column]) }
    }
    return mean.map { $0 / Double(rowCount) }
  }

  /// The moments of all rows so far, with the unbiased covariance (divided by the count less one); at least two rows.
  public func moments() -> Moments {
    precondition(count >= 2, "a covariance takes at least two rows")
    let n = Double(count)
    let offset = sum.map { $0 / n }
    let mean = zip(shift, offset).map(+)
    let total = (squares - n * offset.reduce(0) { $0 + $1 * $1 }) / (n - 1)
    let (values, vectors) = dense.isEmpty ? truncatedBasis(offset) : denseBasis(offset)
    let kept = values.prefix(rank).map { max(0, $0) }
    let outside = max(0, total - kept.reduce(0, +))
    return Moments(
      count: count, mean: mean, basis: Array(vectors.prefix(kept.count * dimension)), eigenvalues: kept,
      remainder: kept.count < dimension ? outside / Double(dimension - kept.count) : 0)
  }

  /// Eigenvalues, descending, and eigenvectors of the covariance.
  private func denseBasis(_ offset: [Double]) -> (values: [Double], vectors: [Double]) {
    let n = Double(count)
    var covariance = dense
    for row in 0..<dimension {
      for column in row..<dimension {
        let index = row * dimension + column
        covariance[index] = (covariance[index] - n * offset[row] * offset[column]) / (n - 1)
      }
    }
    mirrorUpperTriangle(of: &covariance, order: dimension)
    let eigen = SymmetricMatrix(order: dimension, elements: covariance).eigendecomposition()
    var vectors: [Double] = []
    vectors.reserveCapacity(dimension * dimension)
    for row in (0..<dimension).reversed() { vectors += eigen.vectors[row * dimension..<(row + 1) * dimension] }
    return (eigen.values.reversed(), vectors)
  }

  /// The same from the directions that were kept, about the mean instead of the first rows' mean.
  private func truncatedBasis(_ offset: [Double]) -> (values: [Double], vectors: [Double]) {
    let n = Double(count)
    var centred = directions
    centred.subtract(offset.map { $0 * n.squareRoot() }, rank: rank)
    return (centred.squaredWeights.map { $0 / (n - 1) }, centred.vectors)
  }
}
