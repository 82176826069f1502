import COpenBLAS

/// A real symmetric matrix in double precision on the host, dense.
public struct SymmetricMatrix: Sendable {
  /// Rows and columns.
  public let order: Int
  /// All elements; row-major and column-major are the same.
  public var elements: [Double]

  /// A matrix from all its elements, of which only one triangle is read where that is enough.
  public init(order: Int, elements: [Double]) {
    precondition(
      order > 0 && elements.count == order * order, "\(elements.count) elements make no matrix of order \(order)")
    self.order = order
    self.elements = elements
  }

  /// A multiple of the identity.
  public init(order: Int, diagonal: Double) {
    self.init(order: order, elements: .init(repeating: 0, count: order * order))
    for index in 0..<order { elements[index * order + index] = diagonal }
  }

  /// The sum of the diagonal.
  public var trace: Double { (0..<order).reduce(0) { $0 + elements[$1 * order + $1] } }

  /// Eigenvalues and orthonormal eigenvectors by divide and conquer (LAPACK `dsyevd`), `O(order^3)`.
  public func eigendecomposition() -> Eigendecomposition {
    var vectors = elements
    var values = [Double](repeating: 0, count: order)
    solve(vectors: true, &vectors, &values)
    return Eigendecomposition(values: values, vectors: vectors)
  }

  /// The eigenvalues alone, ascending.
  public func eigenvalues() -> [Double] {
    var scratch = elements
    var values = [Double](repeating: 0, count: order)
    solve(vectors: false, &scratch, &values)
    return values
  }

  private func solve(vectors: Bool, _ matrix: inout [Double], _ values: inout [Double]) {
    var n = Int32(order)
    var job = CChar(vectors ? UInt8(ascii: "V") : UInt8(ascii: "N"))
    var triangle = CChar(UInt8(ascii: "U"))
    var status: Int32 = 0
    var (workCount, integerCount) = (Int32(-1), Int32(-1))
    var (bestWork, bestInteger) = (0.0, Int32(0))
    _ = openBLASIsSerial
    dsyevd_(&job, &triangle, &n, &matrix, &n, &values, &bestWork, &workCount, &bestInteger, &integerCount, &status)
    (workCount, integerCount) = (Int32(bestWork), bestInteger)
    var work = [Double](repeating: 0, count: Int(workCount))
    var integers = [Int32](repeating: 0, count: Int(integerCount))
    dsyevd_(&job, &triangle, &n, &matrix, &n, &values, &work, &workCount, &integers, &integerCount, &status)
    precondition(status == 0, "dsyevd failed with status \(status): the matrix holds NaN or infinity")
  }

  /// The symmetric square root of a positive semidefinite matrix; eigenvalues that rounding made negative count as zero.
  public func squareRoot() -> SymmetricMatrix {
    let eigen = eigendecomposition()
    return eigen.recomposed { max(0, $0).squareRoot() }
  }

  /// The product with another matrix on both sides: `other * self * other`, which is symmetric again.
  public func sandwiched(by other: SymmetricMatrix) -> SymmetricMatrix {
    let half = Self.product(other.elements, elements, order)
    return .init(order: order, elements: Self.product(half, other.elements, order))
  }

  fileprivate static func product(
    _ a: [Double], _ b: [Double], _ order: Int, transposesA: Bool = false
  ) -> [Double] {
    var result = [Double](repeating: 0, count: order * order)
    let n = Int32(order)
    _ = openBLASIsSerial
    cblas_dgemm(
      CblasRowMajor, transposesA ? CblasTrans : CblasNoTrans, CblasNoTrans, n, n, n, 1, a, n, b, n, 0, &result, n)
    return result
  }
}

/// Eigenvalues in ascending order and their orthonormal eigenvectors.
public struct Eigendecomposition: Sendable {
  /// The eigenvalues, ascending.
  public let values: [Double]
  /// The eigenvectors, one a row, in the order of the values.
  public let vectors: [Double]

  /// The symmetric matrix with the same eigenvectors and transformed eigenvalues.
  public func recomposed(_ transform: (Double) -> Double) -> SymmetricMatrix {
    let order = values.count
    var scaled = vectors
    for row in 0..<order {
      let factor = transform(values[row])
      for column in 0..<order { scaled[row * order + column] *= factor }
    }
    return .init(order: order, elements: SymmetricMatrix.product(vectors, scaled, order, transposesA: true))
  }
}
