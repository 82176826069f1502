import HostMath

/// The space that a start and its images under a linear map span, with the map in it: Arnoldi's process.
///
/// ```
/// V = [v_1 ... v_k],   A V = V H + h_(k+1,k) v_(k+1) e_k^T,   v_1 = start / |start|
/// ```
///
/// `A` need not be symmetric. Eigenvalues of `H` approach the outer ones of `A` (Arnoldi 1951; Saad 2011, algorithm 6.2), and
/// equations in `I - A` are solved in the same space (Saad and Schultz 1986). Costs one product a dimension.
struct KrylovSpace {
  /// Orthonormal vectors; one more than ``dimension`` unless the space is closed under the map.
  let basis: [[Double]]
  /// Column `j` of the map in the basis has `j + 2` elements.
  let columns: [[Double]]
  private let startLength: Double

  /// Builds the space.
  ///
  /// - Parameters:
  ///   - start: Not zero.
  ///   - products: The most products; fewer where the space is closed before.
  ///   - map: The product of the map with a vector of unit length.
  init(from start: [Double], products: Int, _ map: ([Double]) throws -> [Double]) rethrows {
    let size = length(of: start)
    precondition(size > 0, "a space begins with a vector that is not zero")
    var basis = [start.map { $0 / size }], columns: [[Double]] = []
    for place in 0..<min(products, start.count) {
      var image = try map(basis[place])
      let whole = length(of: image)
      var column = [Double](repeating: 0, count: place + 2)
      // Twice, because once leaves rounding errors along the basis.
      for _ in 0..<2 {
        for (row, vector) in basis.enumerated() {
          let part = product(vector, image)
          column[row] += part
          for index in image.indices { image[index] -= part * vector[index] }
        }
      }
      let rest = length(of: image)
      column[place + 1] = rest
      columns.append(column)
      // What is left is rounding, and no direction, where the basis fills the space.
      guard rest > 1e-12 * whole, basis.count < start.count else { break }
      basis.append(image.map { $0 / rest })
    }
    (self.basis, self.columns, startLength) = (basis, columns, size)
  }

  /// Products that were made.
  var dimension: Int { columns.count }

  /// An eigenvalue of the map in the space with its vector.
  struct RitzPair {
    /// The real part of the eigenvalue.
    let value: Double
    /// The vector, of unit length.
    let vector: [Double]
    /// `|A v - value v|` of a real eigenvalue: how far it may be from one of the whole map, if that is symmetric.
    let residual: Double
  }

  /// The pairs of largest eigenvalues, at most `count`.
  func ritzPairs(_ count: Int) -> [RitzPair] {
    let order = dimension
    guard order > 0 else { return [] }
    let elements = (0..<order).flatMap { row in columns.map { $0.indices.contains(row) ? $0[row] : 0 } }
    let pairs = RealEigenpairs(order: order, elements: elements)
    let outside = basis.count > order ? columns[order - 1][order] : 0
    return (0..<min(count, order)).map { place in
      let weights = pairs.vectors[place]
      return RitzPair(
        value: pairs.values[place], vector: combination(weights), residual: abs(outside * weights[order - 1]))
    }
  }

  /// The vector of the space that comes nearest to solving `(I - A) x = start`.
  func solution() -> [Double] {
    let order = dimension
    guard order > 0 else { return [] }
    // The least squares of a Hessenberg matrix with one row more than columns, by Givens' rotations.
    var matrix = columns.enumerated().map { place, column in
      column.enumerated().map { ($0.offset == place ? 1 : 0) - $0.element }
    }
    var right = [startLength] + [Double](repeating: 0, count: order)
    for place in 0..<order {
      let (a, b) = (matrix[place][place], matrix[place][place + 1]), scale = (a * a + b * b).squareRoot()
      guard scale > 0 else { continue }
      let (cosine, sine) = (a / scale, b / scale)
      for column in place..<order {
        let (upper, lower) = (matrix[column][place], matrix[column][place + 1])
        matrix[column][place] = cosine * upper + sine * lower
        matrix[column][place + 1] = cosine * lower - sine * upper
      }
      (right[place], right[place + 1]) = (
        cosine * right[place] + sine * right[place + 1], cosine * right[place + 1] - sine * right[place]
      )
    }
    var weights = [Double](repeating: 0, count: order)
    for place in (0..<order).reversed() where matrix[place][place] != 0 {
      let known = (place + 1..<order).reduce(0) { $0 + matrix[$1][place] * weights[$1] }
      weights[place] = (right[place] - known) / matrix[place][place]
    }
    return combination(weights)
  }

  private func combination(_ weights: [Double]) -> [Double] {
    var result = [Double](repeating: 0, count: basis[0].count)
    for (weight, vector) in zip(weights, basis) {
      for index in result.indices { result[index] += weight * vector[index] }
    }
    return result
  }
}

/// The inner product of two vectors.
func product(_ a: [Double], _ b: [Double]) -> Double {
  var sum = 0.0
  for index in a.indices { sum += a[index] * b[index] }
  return sum
}

/// The Euclidean length of a vector.
func length(of vector: [Double]) -> Double { product(vector, vector).squareRoot() }
