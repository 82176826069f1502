/// The leading right singular vectors of a tall matrix of which only blocks of rows are ever seen.
///
/// ```
/// A^T A ~ sum over k of squaredWeights[k] u_k u_k^T
/// ```
///
/// Beside the directions it takes memory for two blocks of rows, and none of the order of the columns squared.
struct WeightedDirections {
  /// Orthonormal rows, those of most weight first.
  private(set) var vectors: [Double] = []
  /// The squared singular values, descending.
  private(set) var squaredWeights: [Double] = []
  private let dimension: Int

  /// No directions yet, of rows of `dimension` values.
  init(dimension: Int) {
    self.dimension = dimension
  }

  /// Directions that were kept before.
  init(dimension: Int, vectors: [Double], squaredWeights: [Double]) {
    (self.dimension, self.vectors, self.squaredWeights) = (dimension, vectors, squaredWeights)
  }

  /// Rows to take at once: the small matrix of a block stays small beside the basis, and a block of long rows at 64 MB.
  static func blockRows(dimension: Int) -> Int { min(256, max(16, (1 << 23) / dimension)) }

  /// Stacks a block of rows under the matrix and keeps its `rank` leading directions.
  mutating func add(_ block: consuming [Double], rank: Int) {
    // All the room that they will need, for an array that grows is there twice for a while.
    vectors.reserveCapacity(rank * dimension)
    stack(block, sign: 1, rank: rank)
  }

  /// Takes the outer product of one row away: what centring does to second moments.
  mutating func subtract(_ row: consuming [Double], rank: Int) {
    stack(row, sign: -1, rank: rank)
  }

  /// Eigenvectors of `V^T W^2 V + sign * B^T B`, through the small Gram matrix of an orthonormal basis of both.
  private mutating func stack(_ block: consuming [Double], sign: Double, rank: Int) {
    let known = squaredWeights.count, rows = block.count / dimension
    // Split the block into its part along the known directions and an orthonormal basis of the rest.
    let along = remove(vectors, count: known, from: &block, rows: rows, dimension: dimension)
    let fresh = orthonormalBasis(of: block, rows: rows, dimension: dimension)
    let freshCount = fresh.count / dimension
    let outside = product(block, transposed: fresh, rows: rows, columns: freshCount, inner: dimension)
    block = []
    // In that basis the matrix is small.
    let order = known + freshCount
    guard order > 0 else { return }
    var coordinates = [Double](repeating: 0, count: rows * order)
    for row in 0..<rows {
      for column in 0..<known { coordinates[row * order + column] = along[row * known + column] }
      for column in 0..<freshCount { coordinates[row * order + known + column] = outside[row * freshCount + column] }
    }
    var small = [Double](repeating: 0, count: order * order)
    addProduct(transposed: coordinates.map { $0 * sign }, coordinates, rows: rows, columns: order, to: &small)
    for index in 0..<known { small[index * order + index] += squaredWeights[index] }
    let eigen = SymmetricMatrix(order: order, elements: small).eigendecomposition()
    let kept = min(rank, order)
    let rotation = (0..<kept).flatMap { row -> ArraySlice<Double> in
      let source = order - 1 - row
      return eigen.vectors[source * order..<(source + 1) * order]
    }
    rotate(&vectors, and: fresh, by: rotation, rows: kept, dimension: dimension)
    squaredWeights = (0..<kept).map { max(0, eigen.values[order - 1 - $0]) }
  }
}

/// Takes from rows their parts along orthonormal directions, and returns these: `[rows, count]`.
func remove(
  _ directions: [Double], count: Int, from rows: inout [Double], rows rowCount: Int, dimension: Int
) -> [Double] {
  var along = [Double](repeating: 0, count: rowCount * count)
  for _ in 0..<2 where count > 0 {
    // Twice, because once leaves rounding errors along the directions.
    let overlap = product(rows, transposed: directions, rows: rowCount, columns: count, inner: dimension)
    subtractProduct(overlap, directions, rows: rowCount, columns: dimension, inner: count, from: &rows)
    for index in along.indices { along[index] += overlap[index] }
  }
  return along
}

/// An orthonormal basis of the span of rows, through the eigenvectors of their Gram matrix.
///
/// Directions of less than a millionth of the largest length are left out. The first pass leaves the weak ones off by up to 1e-4,
/// since the Gram matrix squares the lengths; a second pass over its result, which is nearly orthonormal, does not.
func orthonormalBasis(of rows: [Double], rows count: Int, dimension: Int) -> [Double] {
  var (basis, count) = (rows, count)
  for _ in 0..<2 where count > 0 {
    let gram = product(basis, transposed: basis, rows: count, columns: count, inner: dimension)
    let eigen = SymmetricMatrix(order: count, elements: gram).eigendecomposition()
    let largest = eigen.values.last ?? 0
    let kept = eigen.values.indices.filter { eigen.values[$0] > 1e-12 * largest && eigen.values[$0] > 1e-30 }
    let combination = kept.flatMap { index in
      eigen.vectors[index * count..<(index + 1) * count].map { $0 / eigen.values[index].squareRoot() }
    }
    rotate(&basis, and: [], by: combination, rows: kept.count, dimension: dimension)
    count = kept.count
  }
  return basis
}
