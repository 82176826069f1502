/// Products and row operations on exact matrices, row-major.
public protocol MatrixOperations: AnyObject {
  /// A matrix product: `C = alpha * op(A) * op(B) + beta * C`; with `beta` zero `C` is not read.
  func multiplyMatrices(
    _ product: MatrixProduct, alpha: Float, _ a: Buffer, _ b: Buffer, beta: Float, into c: Buffer)

  /// A softmax over each row of scaled and shifted logits; `destination` may be `source`.
  ///
  /// ```
  /// out[r, j] = exp(l[r, j] - max over k of l[r, k]) / sum over k of the same,   l[r, j] = scale * x[r, j] + offsets[j]
  /// ```
  ///
  /// - Parameters:
  ///   - source: `[rows, columns]`, the rows given by the count.
  ///   - columns: Values in a row.
  ///   - scale: The factor of the logits.
  ///   - offsets: One addend a column, or nil for none.
  ///   - destination: `[rows, columns]`.
  func softmaxRows(_ source: Buffer, columns: Int, scale: Float, offsets: Buffer?, into destination: Buffer)
}
