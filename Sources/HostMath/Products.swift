import COpenBLAS

/// Adds `a^T b` to `c`, for row-major `a` and `b` of `[rows, columns]`.
func addProduct(transposed a: [Double], _ b: [Double], rows: Int, columns: Int, to c: inout [Double]) {
  let (m, k) = (Int32(columns), Int32(rows))
  _ = openBLASIsSerial
  cblas_dgemm(CblasRowMajor, CblasTrans, CblasNoTrans, m, m, k, 1, a, m, b, m, 1, &c, m)
}

/// Adds `a^T a` to `c`, for row-major `a` of `[rows, columns]`, at half the cost of a general product.
///
/// Only elements of the upper triangle are added to; ``mirrorUpperTriangle(of:order:)`` fills the lower one in the end.
func addSquare(_ a: [Double], rows: Int, columns: Int, toUpperTriangleOf c: inout [Double]) {
  let (n, k) = (Int32(columns), Int32(rows))
  _ = openBLASIsSerial
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
  _ = openBLASIsSerial
  cblas_dgemm(
    CblasRowMajor, CblasNoTrans, CblasTrans, Int32(rows), Int32(columns), Int32(inner), 1, a, Int32(inner), b,
    Int32(inner), 0, &result, Int32(columns))
  return result
}

/// The product `a b` of row-major `[rows, inner]` and `[inner, columns]`.
func product(_ a: [Double], _ b: [Double], rows: Int, columns: Int, inner: Int) -> [Double] {
  var result = [Double](repeating: 0, count: rows * columns)
  guard rows > 0, columns > 0, inner > 0 else { return result }
  _ = openBLASIsSerial
  cblas_dgemm(
    CblasRowMajor, CblasNoTrans, CblasNoTrans, Int32(rows), Int32(columns), Int32(inner), 1, a, Int32(inner), b,
    Int32(columns), 0, &result, Int32(columns))
  return result
}

/// Takes `a b` from `c`, for row-major `[rows, inner]` and `[inner, columns]`.
func subtractProduct(
  _ a: [Double], _ b: [Double], rows: Int, columns: Int, inner: Int, from c: inout [Double]
) {
  guard rows > 0, columns > 0, inner > 0 else { return }
  _ = openBLASIsSerial
  cblas_dgemm(
    CblasRowMajor, CblasNoTrans, CblasNoTrans, Int32(rows), Int32(columns), Int32(inner), -1, a, Int32(inner), b,
    Int32(columns), 1, &c, Int32(columns))
}

/// Replaces rows by combinations of them and of others, in their own memory: `a' = rotation [a; b]`.
///
/// A panel of columns at a time, since rows of many values need no second copy so.
///
/// - Parameters:
///   - a: `[aRows, dimension]`, row-major; `[rows, dimension]` afterwards.
///   - b: `[bRows, dimension]`.
///   - rotation: `[rows, aRows + bRows]`.
///   - rows: Rows of the result.
///   - dimension: Values of a row.
func rotate(_ a: inout [Double], and b: [Double], by rotation: [Double], rows: Int, dimension: Int) {
  let aRows = a.count / dimension, bRows = b.count / dimension, order = aRows + bRows, width = 512
  if rows > aRows { a.append(contentsOf: repeatElement(0, count: (rows - aRows) * dimension)) }
  var panel = [Double](repeating: 0, count: rows * width)
  a.withUnsafeMutableBufferPointer { a in
    for start in stride(from: 0, to: rows > 0 ? dimension : 0, by: width) {
      let columns = min(width, dimension - start)
      addColumns(
        start, columns, of: UnsafeBufferPointer(a), count: aRows, dimension, rotation, order, 0, to: &panel, width)
      b.withUnsafeBufferPointer {
        addColumns(start, columns, of: $0, count: bRows, dimension, rotation, order, aRows, to: &panel, width)
      }
      panel.withUnsafeBufferPointer { panel in
        for row in 0..<rows {
          let target = UnsafeMutableBufferPointer(
            rebasing: a[row * dimension + start..<row * dimension + start + columns])
          _ = target.update(fromContentsOf: panel[row * width..<row * width + columns])
        }
      }
    }
  }
  if rows < aRows { a.removeLast((aRows - rows) * dimension) }
}

/// Sets a panel to `rotation[:, first...] rows[:, start...]` where `first` is zero, and adds that to it elsewhere.
private func addColumns(
  _ start: Int, _ columns: Int, of rows: UnsafeBufferPointer<Double>, count: Int, _ dimension: Int,
  _ rotation: [Double], _ order: Int, _ first: Int, to panel: inout [Double], _ width: Int
) {
  guard count > 0, let values = rows.baseAddress else { return }
  rotation.withUnsafeBufferPointer { rotation in
    guard let factors = rotation.baseAddress else { return }
    _ = openBLASIsSerial
    cblas_dgemm(
      CblasRowMajor, CblasNoTrans, CblasNoTrans, Int32(rotation.count / order), Int32(columns), Int32(count), 1,
      factors + first, Int32(order), values + start, Int32(dimension), first == 0 ? 0 : 1, &panel, Int32(width))
  }
}
