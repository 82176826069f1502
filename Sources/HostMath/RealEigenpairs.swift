import COpenBLAS

/// Eigenvalues and eigenvectors of a real square matrix that need not be symmetric, those of largest real part first.
public struct RealEigenpairs: Sendable {
  /// The real parts, descending.
  public let values: [Double]
  /// The imaginary parts, in the order of the real ones.
  public let imaginaryParts: [Double]
  /// The right eigenvectors, of unit length; of a conjugate pair both have the real part of the vector.
  public let vectors: [[Double]]

  /// Decomposes a matrix (LAPACK `dgeev`), `O(order^3)`.
  ///
  /// - Parameters:
  ///   - order: Rows and columns, at least one.
  ///   - elements: All elements, row-major and finite.
  public init(order: Int, elements: [Double]) {
    precondition(
      order > 0 && elements.count == order * order, "\(elements.count) elements make no matrix of order \(order)")
    var (real, imaginary, vectors) = (
      [Double](repeating: 0, count: order), [Double](repeating: 0, count: order), elements
    )
    Self.solve(order, elements, &real, &imaginary, &vectors)
    let places = real.indices.sorted { real[$0] > real[$1] }
    self.values = places.map { real[$0] }
    self.imaginaryParts = places.map { imaginary[$0] }
    self.vectors = places.map { column in
      // The second of a pair keeps the imaginary part in its own column, and the real part in the one before it.
      let first = imaginary[column] < 0 ? column - 1 : column
      let vector = Array(vectors[first * real.count..<(first + 1) * real.count])
      let length = vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
      return vector.map { $0 / length }
    }
  }

  private static func solve(
    _ order: Int, _ elements: [Double], _ real: inout [Double], _ imaginary: inout [Double],
    _ vectors: inout [Double]
  ) {
    // LAPACK's matrices are column-major.
    var matrix = (0..<order).flatMap { column in (0..<order).map { elements[$0 * order + column] } }
    var (n, status, workCount, best) = (Int32(order), Int32(0), Int32(-1), 0.0)
    var (none, all, unused) = (CChar(UInt8(ascii: "N")), CChar(UInt8(ascii: "V")), 0.0)
    var one = Int32(1)
    _ = openBLASIsSerial
    dgeev_(
      &none, &all, &n, &matrix, &n, &real, &imaginary, &unused, &one, &vectors, &n, &best, &workCount, &status)
    workCount = Int32(best)
    var work = [Double](repeating: 0, count: Int(workCount))
    dgeev_(
      &none, &all, &n, &matrix, &n, &real, &imaginary, &unused, &one, &vectors, &n, &work, &workCount, &status)
    precondition(status == 0, "dgeev failed with status \(status): the matrix holds NaN or infinity")
  }
}
