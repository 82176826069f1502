import Compute

extension Tensor {
  /// The product of two matrices: `op(self) * op(other)`, `[rows, columns]`.
  ///
  /// - Parameters:
  ///   - other: The right factor; both are of rank two.
  ///   - transposingSelf: Whether `op` transposes the left factor.
  ///   - transposingOther: Whether `op` transposes the right factor.
  ///   - scale: A factor of the whole product.
  public func multiplied(
    by other: Tensor, transposingSelf: Bool = false, transposingOther: Bool = false, scale: Double = 1
  ) -> Tensor {
    precondition(shape.count == 2 && other.shape.count == 2, "\(shape) and \(other.shape) are not two matrices")
    let (rows, inner) = transposingSelf ? (shape[1], shape[0]) : (shape[0], shape[1])
    let (otherInner, columns) = transposingOther ? (other.shape[1], other.shape[0]) : (other.shape[0], other.shape[1])
    precondition(inner == otherInner, "\(shape) and \(other.shape) do not multiply")
    let product = MatrixProduct(
      rows: rows, columns: columns, inner: inner, transposesA: transposingSelf, transposesB: transposingOther)
    return makeResult(shape: [rows, columns]) {
      backend.multiplyMatrices(product, alpha: Float(scale), buffer, other.buffer, beta: 0, into: $0)
    }
  }

  /// A softmax over each row of `scale * x + offsets`; see `MatrixOperations.softmaxRows(_:columns:scale:offsets:into:)`.
  public func softmaxed(scale: Double = 1, offsets: Tensor? = nil) -> Tensor {
    precondition(shape.count == 2, "\(shape) is not a matrix")
    precondition(offsets.map { $0.count == shape[1] } ?? true, "one offset a column")
    return makeResult {
      backend.softmaxRows(buffer, columns: shape[1], scale: Float(scale), offsets: offsets?.buffer, into: $0)
    }
  }
}
