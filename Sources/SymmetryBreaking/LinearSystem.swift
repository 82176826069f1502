/// The solution of `matrix x = right`, by elimination with row pivots; nil where the matrix is singular to rounding.
///
/// For the few unknowns of a continuation; cost `n^3 / 3`.
///
/// - Parameters:
///   - matrix: Rows of `n` values.
///   - right: `n` values.
func solution(of matrix: [[Double]], _ right: [Double]) -> [Double]? {
  var rows = matrix.enumerated().map { $1 + [right[$0]] }
  let count = right.count
  for column in 0..<count {
    guard let pivot = (column..<count).max(by: { abs(rows[$0][column]) < abs(rows[$1][column]) }),
      abs(rows[pivot][column]) > 1e-300
    else { return nil }
    rows.swapAt(column, pivot)
    let leading = rows[column]
    for row in column + 1..<max(count, column + 1) {
      let factor = rows[row][column] / leading[column]
      guard factor != 0 else { continue }
      for place in column...count { rows[row][place] -= factor * leading[place] }
    }
  }
  var result = [Double](repeating: 0, count: count)
  for row in (0..<count).reversed() {
    let known = (row + 1..<max(count, row + 1)).reduce(0) { $0 + rows[row][$1] * result[$1] }
    result[row] = (rows[row][count] - known) / rows[row][row]
  }
  return result.allSatisfy(\.isFinite) ? result : nil
}
