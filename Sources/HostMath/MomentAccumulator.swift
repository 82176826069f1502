/// Collects mean and covariance of rows in one pass, whatever their number.
///
/// Up to ``denseLimit`` dimensions the covariance is exact, and so it is where all directions that the rows can have are kept: second
/// moments about the first rows' mean are added up in double precision, so that a large mean costs no digits. Above, a basis of at
/// most `rank` directions is kept and brought up to date
/// block by block (an incremental principal component analysis: the singular vectors of the old basis, weighted, stacked on the
/// new block; Ross, Lim, Lin and Yang 2008), with a quarter more directions on the way than come out, because what a block drops may
/// grow again; the total variance stays exact, so that the remainder is right. ``memory(dimension:rank:count:form:)`` says what it takes.
///
/// Of rows of 8 bits the sums that are held whole are whole numbers, which doubles hold exactly. So they do not depend on an order, and
/// parts that are added by ``add(_:)-(MomentAccumulator)`` have the bits of one pass.
public struct MomentAccumulator {
  /// The largest dimension whose covariance is held whole: 4,096, or 134 MB.
  public static let denseLimit = 4096

  /// Values of one row.
  public let dimension: Int
  /// Directions that are kept.
  public let rank: Int

  /// Rows so far.
  public internal(set) var count = 0
  /// What the sums are about, in the units of the sums; empty before the first rows.
  var shift: [Double] = []
  var sum: [Double]
  var squares = 0.0
  var dense: [Double] = []
  var directions: WeightedDirections
  /// Whether rows are of 8 bits; values of others are taken as they are.
  let isOfBytes: Bool

  /// What is kept of the rows on the way.
  public enum Form: Sendable, Hashable {
    /// All second moments: `dimension` squared.
    case matrix
    /// Directions: `rank` times `dimension`.
    case directions
  }

  /// An accumulator of rows of `dimension` values.
  ///
  /// - Parameters:
  ///   - dimension: Values of one row.
  ///   - rank: Directions to keep, or nil for all where the covariance is held whole and 512 above.
  ///   - count: Rows that will come, or nil if nobody knows. They have no more directions than they are, so that no more are
  ///     kept; and few rows of many values are cheaper by their directions than by a matrix of all values.
  ///   - form: What is kept on the way, or nil for what the sizes say.
  ///   - ofBytes: Whether rows are images of 8 bits, in [-1, 1]: `2 level / 255 - 1`.
  public init(dimension: Int, rank: Int? = nil, count: Int? = nil, form: Form? = nil, ofBytes: Bool = false) {
    precondition(dimension > 0, "rows hold at least one value")
    self.dimension = dimension
    self.rank = Self.rank(dimension, rank, count)
    (sum, directions) = (.init(repeating: 0, count: dimension), WeightedDirections(dimension: dimension))
    let form = form ?? Self.form(dimension, count)
    if form == .matrix { dense = .init(repeating: 0, count: dimension * dimension) }
    isOfBytes = ofBytes && form == .matrix
    if isOfBytes { shift = .init(repeating: 127, count: dimension) }
  }

  private static func form(_ dimension: Int, _ count: Int?) -> Form {
    dimension <= denseLimit && dimension / 4 < max(1, count ?? .max) ? .matrix : .directions
  }

  private static func rank(_ dimension: Int, _ rank: Int?, _ count: Int?) -> Int {
    min(rank ?? (dimension <= denseLimit ? dimension : 512), dimension, max(1, count ?? .max))
  }

  /// Directions that are kept on the way, where there is no matrix.
  var spareRank: Int { min(rank + rank / 4, dimension) }

  /// Adds rows; their number is the count divided by ``dimension``.
  public mutating func add(_ rows: [Float]) {
    precondition(rows.count % dimension == 0, "\(rows.count) values are no rows of \(dimension)")
    let rowCount = rows.count / dimension
    guard rowCount > 0 else { return }
    if shift.isEmpty { shift = Self.mean(of: rows, dimension: dimension) }
    count += rowCount
    let block = dense.isEmpty ? WeightedDirections.blockRows(dimension: dimension) : rowCount
    for first in stride(from: 0, to: rowCount, by: block) {
      let centred = centre(rows[first * dimension..<min(first + block, rowCount) * dimension])
      if dense.isEmpty {
        directions.add(centred, rank: spareRank)
      } else {
        addSquare(centred, rows: rowCount, columns: dimension, toUpperTriangleOf: &dense)
      }
    }
  }

  /// Rows about the first rows' mean, which are added to the sums.
  private mutating func centre(_ rows: ArraySlice<Float>) -> [Double] {
    var centred = [Double](repeating: 0, count: rows.count)
    rows.withUnsafeBufferPointer { rows in
      for first in stride(from: 0, to: rows.count, by: dimension) {
        for column in 0..<dimension {
          let value = (isOfBytes ? Self.level(rows[first + column]) : Double(rows[first + column])) - shift[column]
          centred[first + column] = value
          sum[column] += value
          squares += value * value
        }
      }
    }
    return centred
  }

  /// A value of [-1, 1] in levels of 8 bits, a whole number where it is one but for the rounding of a Float.
  private static func level(_ value: Float) -> Double {
    let level = (Double(value) + 1) * 127.5, nearest = level.rounded()
    return abs(level - nearest) < 3e-5 ? nearest : level
  }

  /// The value of a unit of the sums.
  private var scale: Double { isOfBytes ? 1 / 127.5 : 1 }

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
    let mean = zip(shift, offset).map { isOfBytes ? ($0 + $1) * scale - 1 : $0 + $1 }
    let total = (squares - n * offset.reduce(0) { $0 + $1 * $1 }) / (n - 1) * scale * scale
    let (values, vectors) = dense.isEmpty ? truncatedBasis(offset) : denseBasis(offset)
    let kept = values.prefix(rank).map { max(0, $0) }
    let outside = max(0, total - kept.reduce(0, +))
    let used = kept.count * dimension
    return Moments(
      count: count, mean: mean, basis: used < vectors.count ? Array(vectors[..<used]) : vectors, eigenvalues: kept,
      remainder: kept.count < dimension ? outside / Double(dimension - kept.count) : 0)
  }

  /// Eigenvalues, descending, and eigenvectors of the covariance.
  private func denseBasis(_ offset: [Double]) -> (values: [Double], vectors: [Double]) {
    let n = Double(count)
    var covariance = dense
    for row in 0..<dimension {
      for column in row..<dimension {
        let index = row * dimension + column
        covariance[index] = (covariance[index] - n * offset[row] * offset[column]) / (n - 1) * scale * scale
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

extension MomentAccumulator {
  /// The memory of an accumulator, in bytes.
  public struct Memory: Sendable, Hashable {
    /// What is kept as long as rows come.
    public let held: Int
    /// What a block of rows, or the moments in the end, take besides for a while.
    public let working: Int
    /// What the moments keep of it.
    public let result: Int
  }

  /// What an accumulator of the same sizes takes; see ``init(dimension:rank:count:form:ofBytes:)``.
  ///
  /// ```
  /// matrix:      held 8 D^2,        working 40 D^2
  /// directions:  held 10 rank D,    working 10 rank D or 16 block D, whichever is more;    block = 2^23 / D rows, 16 to 256
  /// ```
  ///
  /// The rows themselves are the caller's; the moments that come out are what is left of the working memory.
  public static func memory(dimension: Int, rank: Int? = nil, count: Int? = nil, form: Form? = nil) -> Memory {
    let rank = self.rank(dimension, rank, count)
    guard (form ?? self.form(dimension, count)) == .directions else {
      let matrix = 8 * dimension * dimension
      return Memory(held: matrix, working: 5 * matrix, result: 8 * rank * dimension)
    }
    let basis = 8 * min(rank + rank / 4, dimension) * dimension
    let block = 16 * min(WeightedDirections.blockRows(dimension: dimension), max(1, count ?? .max)) * dimension
    return Memory(held: basis, working: max(basis, block), result: 8 * rank * dimension)
  }
}
