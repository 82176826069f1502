import COpenBLAS

/// Rows of numbers whose mean and covariance are wanted many times, each time with other weights.
public struct ResampledMoments: Sendable {
  /// Values of one row.
  public let dimension: Int
  /// Rows in all.
  public let count: Int
  /// The mean of all rows, once each.
  public let mean: [Double]
  private let centred: [Double]

  /// Takes rows, `[count, dimension]`, row-major.
  public init(rows: [Float], dimension: Int) {
    precondition(dimension > 0 && rows.count % dimension == 0, "\(rows.count) values are no rows of \(dimension)")
    self.dimension = dimension
    count = rows.count / dimension
    var mean = [Double](repeating: 0, count: dimension)
    for (place, value) in rows.enumerated() { mean[place % dimension] += Double(value) }
    for column in mean.indices { mean[column] /= Double(max(1, count)) }
    self.mean = mean
    centred = rows.enumerated().map { Double($0.element) - mean[$0.offset % dimension] }
  }

  /// The mean and the unbiased covariance of the rows, each taken as often as its weight says.
  ///
  /// ```
  /// mean = sum over i of w_i x_i / n        C = (sum over i of w_i x_i x_i^T - n mean mean^T) / (n - 1)        n = sum over i of w_i
  /// ```
  ///
  /// Costs `O(count * dimension^2)`.
  public func moments(weights: [Int]) -> (mean: [Double], covariance: SymmetricMatrix) {
    precondition(weights.count == count, "\(weights.count) weights for \(count) rows")
    let n = Double(weights.reduce(0, +))
    precondition(n >= 2, "a covariance takes at least two rows")
    var shift = [Double](repeating: 0, count: dimension)
    var scaled: [Double] = []
    scaled.reserveCapacity(centred.count)
    for (row, weight) in weights.enumerated() where weight > 0 {
      let root = Double(weight).squareRoot()
      for column in 0..<dimension {
        let value = centred[row * dimension + column]
        shift[column] += Double(weight) * value
        scaled.append(root * value)
      }
    }
    for column in shift.indices { shift[column] /= n }
    var square = [Double](repeating: 0, count: dimension * dimension)
    addSquare(scaled, rows: scaled.count / dimension, columns: dimension, toUpperTriangleOf: &square)
    for row in 0..<dimension {
      for column in row..<dimension {
        let index = row * dimension + column
        square[index] = (square[index] - n * shift[row] * shift[column]) / (n - 1)
      }
    }
    mirrorUpperTriangle(of: &square, order: dimension)
    return (zip(mean, shift).map(+), SymmetricMatrix(order: dimension, elements: square))
  }

  /// Each row's deviation `d` from the mean in a quadratic form: `2 g . d + d^T G d`.
  public func forms(linear g: [Double], quadratic G: SymmetricMatrix) -> [Double] {
    precondition(g.count == dimension && G.order == dimension, "a form of \(g.count) values for rows of \(dimension)")
    let images = product(centred, G.elements, rows: count, columns: dimension, inner: dimension)
    return (0..<count).map { row in
      (0..<dimension).reduce(0) { sum, column in
        sum + centred[row * dimension + column] * (2 * g[column] + images[row * dimension + column])
      }
    }
  }
}
