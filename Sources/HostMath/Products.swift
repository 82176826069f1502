import COpenBLAS

/// Adds `a^T b` to `c`, for row-major `a` and `b` of `[rows, columns]`.
func addProduct(transposed a: [Double], _ b: [Double], rows: Int, columns: Int, to c: inout [Double]) {
  let (m, k) = (Int32(columns), Int32(rows))
  cblas_dgemm(CblasRowMajor, CblasTrans, CblasNoTrans, m, m, k, 1, a, m, b, m, 1, &c, m)
}

/// Adds `a^T a` to `c`, for row-major `a` of `[rows, columns]`, at half the cost of a general product.
///
/// Only elements of the upper triangle are added to; ``mirrorUpperTriangle(of:order:)`` fills the lower one in the end.
func addSquare(_ a: [Double], rows: Int, columns: Int, toUpperTriangleOf c: inout [Double]) {
  let (n, k) = (Int32(columns), Int32(rows))
  cblas_dsyrk(CblasRowMajor, CblasUpper, CblasTrans, n, k, 1, a, n, 1, &c, n)
}

/// Copies the upper triangle of a row-major matrix to the lower one.
func mirrorUpperTriangle(of matrix: inout [Double], order: Int) {
  for row in 1..<max(order, 1) {
    for column in 0..<row { matrix[row * order + column] = matrix[column * order + row] }
  }
}

/// The product `a b^T` of row-major `[rows, inner]` and `[columns, inner]`.
public func product(_ a: [Double], transposed b: [Double], rows: Int, columns: Int, inner: Int) -> [Double] {
  var result = [Double](repeating: 0, count: rows * columns)
  guard rows > 0, columns > 0, inner > 0 else { return result }
  cblas_dgemm(
    CblasRowMajor, CblasNoTrans, CblasTrans, Int32(rows), Int32(columns), Int32(inner), 1, a, Int32(inner), b,
    Int32(inner), 0, &result, Int32(columns))
  return result
}

/// The product `a b` of row-major `[rows, inner]` and `[inner, columns]`.
func product(_ a: [Double], _ b: [Double], rows: Int, columns: Int, inner: Int) -> [Double] {
  var result = [Double](repeating: 0, count: rows * columns)
  guard rows > 0, columns > 0, inner > 0 else { return result }
  cblas_dgemm(
    CblasRowMajor, CblasNoTrans, CblasNoTrans, Int32(rows), Int32(columns), Int32(inner), 1, a, Int32(inner), b,
    Int32(columns), 0, &result, Int32(columns))
  return result
}
