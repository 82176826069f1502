import COpenBLAS

/// Adds `a^T b` to `c`, for row-major `a` and `b` of `[rows, columns]`.
func addProduct(transposed a: [Double], _ b: [Double], rows: Int, columns: Int, to c: inout [Double]) {
  let (m, k) = (Int32(columns), Int32(rows))
  cblas_dgemm(CblasRowMajor, CblasTrans, CblasNoTrans, m, m, k, 1, a, m, b, m, 1, &c, m)
}

/// The product `a b^T` of row-major `[rows, inner]` and `[columns, inner]`.
func product(_ a: [Double], transposed b: [Double], rows: Int, columns: Int, inner: Int) -> [Double] {
  var result = [Double](repeating: 0, count: rows * columns)
  cblas_dgemm(
    CblasRowMajor, CblasNoTrans, CblasTrans, Int32(rows), Int32(columns), Int32(inner), 1, a, Int32(inner), b,
    Int32(inner), 0, &result, Int32(columns))
  return result
}

/// The product `a b` of row-major `[rows, inner]` and `[inner, columns]`.
func product(_ a: [Double], _ b: [Double], rows: Int, columns: Int, inner: Int) -> [Double] {
  var result = [Double](repeating: 0, count: rows * columns)
  cblas_dgemm(
    CblasRowMajor, CblasNoTrans, CblasNoTrans, Int32(rows), Int32(columns), Int32(inner), 1, a, Int32(inner), b,
    Int32(columns), 0, &result, Int32(columns))
  return result
}
