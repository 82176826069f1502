/// The sizes of `C = alpha * op(A) * op(B) + beta * C` over row-major matrices.
///
/// `op(A)` is `[rows, inner]`, `op(B)` is `[inner, columns]`, `C` is `[rows, columns]`; a transposed operand is stored
/// as the transpose of that. It is also the key of tables of tuned launches.
public struct MatrixProduct: Hashable, Sendable {
  /// Rows of `C`.
  public let rows: Int
  /// Columns of `C`.
  public let columns: Int
  /// Columns of `op(A)` and rows of `op(B)`.
  public let inner: Int
  /// Whether `A` is stored as `[inner, rows]`.
  public let transposesA: Bool
  /// Whether `B` is stored as `[columns, inner]`.
  public let transposesB: Bool

  /// A product whose extents are all at least one.
  public init(rows: Int, columns: Int, inner: Int, transposesA: Bool = false, transposesB: Bool = false) {
    precondition(rows > 0 && columns > 0 && inner > 0, "every extent is at least 1")
    self.rows = rows
    self.columns = columns
    self.inner = inner
    self.transposesA = transposesA
    self.transposesB = transposesB
  }
}
