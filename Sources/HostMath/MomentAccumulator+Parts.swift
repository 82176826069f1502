extension MomentAccumulator {
  /// What an accumulator holds, for a file.
  public struct State: Sendable, Hashable {
    /// Rows that were seen.
    public var count: Int
    /// What sums are about, `[dimension]`, or empty before the first rows.
    public var shift: [Double]
    /// The sum of the rows, `[dimension]`.
    public var sum: [Double]
    /// The sum of all squares.
    public var squares: Double
    /// The upper triangle of the sum of outer products, row by row; empty where directions are kept.
    public var triangle: [Double]
    /// Directions that are kept, `[rank, dimension]`, and their squared weights; empty for a matrix.
    public var directions: [Double]
    /// The squared weight of each direction.
    public var squaredWeights: [Double]

    /// A state from its parts.
    public init(
      count: Int, shift: [Double], sum: [Double], squares: Double, triangle: [Double], directions: [Double],
      squaredWeights: [Double]
    ) {
      (self.count, self.shift, self.sum, self.squares) = (count, shift, sum, squares)
      (self.triangle, self.directions, self.squaredWeights) = (triangle, directions, squaredWeights)
    }
  }

  /// What is held now.
  public var state: State {
    var triangle: [Double] = []
    triangle.reserveCapacity(dense.isEmpty ? 0 : dimension * (dimension + 1) / 2)
    for row in 0..<(dense.isEmpty ? 0 : dimension) {
      triangle += dense[row * dimension + row..<(row + 1) * dimension]
    }
    return State(
      count: count, shift: shift, sum: sum, squares: squares, triangle: triangle, directions: directions.vectors,
      squaredWeights: directions.squaredWeights)
  }

  /// Goes on from a state of an accumulator of the same sizes.
  ///
  /// - Returns: Whether the state fits; nothing changes if it does not.
  public mutating func restore(_ state: State) -> Bool {
    let expected = dense.isEmpty ? 0 : dimension * (dimension + 1) / 2
    guard state.count >= 0, state.sum.count == dimension, state.triangle.count == expected,
      state.shift.count == dimension || state.shift.isEmpty && state.count == 0 && !isOfBytes,
      state.directions.count == state.squaredWeights.count * dimension, dense.isEmpty || state.squaredWeights.isEmpty,
      !isOfBytes || state.shift == shift
    else { return false }
    (count, shift, sum, squares) = (state.count, state.shift, state.sum, state.squares)
    var start = 0
    for row in 0..<(dense.isEmpty ? 0 : dimension) {
      let length = dimension - row
      dense.replaceSubrange(
        row * dimension + row..<(row + 1) * dimension, with: state.triangle[start..<start + length])
      start += length
    }
    directions = WeightedDirections(
      dimension: dimension, vectors: state.directions, squaredWeights: state.squaredWeights)
    return true
  }

  /// An accumulator of the same sizes that has seen no rows.
  public func emptied() -> MomentAccumulator {
    var result = self
    result.count = 0
    result.squares = 0
    result.sum = .init(repeating: 0, count: dimension)
    if !isOfBytes { result.shift = [] }
    result.dense = .init(repeating: 0, count: dense.count)
    result.directions = WeightedDirections(dimension: dimension)
    return result
  }

  /// Adds the rows of another accumulator of the same sizes.
  ///
  /// Sums of 8-bit rows are exact. Others are brought to one mean first (Chan, Golub and LeVeque 1983), which rounds.
  public mutating func add(_ other: MomentAccumulator) {
    precondition(
      dimension == other.dimension && rank == other.rank && dense.count == other.dense.count
        && isOfBytes == other.isOfBytes, "accumulators of the same sizes")
    guard other.count > 0 else { return }
    guard count > 0 else {
      self = other
      return
    }
    var other = other
    other.move(to: shift)
    count += other.count
    squares += other.squares
    for column in 0..<dimension { sum[column] += other.sum[column] }
    for index in dense.indices { dense[index] += other.dense[index] }
    guard dense.isEmpty else { return }
    var rows = other.directions.vectors
    for (row, weight) in other.directions.squaredWeights.enumerated() {
      for column in 0..<dimension { rows[row * dimension + column] *= weight.squareRoot() }
    }
    directions.add(rows, rank: spareRank)
  }

  /// Takes sums about another shift: `sum of (x - s')(x - s')^T = S + d m^T + m d^T + n d d^T`, where `d = s - s'` and `m` is the sum
  /// about `s`; which is `S - m m^T / n + u u^T / n` with `u = m + n d`.
  private mutating func move(to target: [Double]) {
    guard shift != target else { return }
    let n = Double(count), moved = zip(sum, zip(shift, target)).map { $0 + n * ($1.0 - $1.1) }
    squares += (moved.reduce(0) { $0 + $1 * $1 } - sum.reduce(0) { $0 + $1 * $1 }) / n
    if dense.isEmpty {
      directions.subtract(sum.map { $0 / n.squareRoot() }, rank: spareRank)
      directions.add(moved.map { $0 / n.squareRoot() }, rank: spareRank)
    } else {
      for row in 0..<dimension {
        for column in row..<dimension {
          dense[row * dimension + column] += (moved[row] * moved[column] - sum[row] * sum[column]) / n
        }
      }
    }
    (shift, sum) = (target, moved)
  }
}
