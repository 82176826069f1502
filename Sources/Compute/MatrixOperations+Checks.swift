// The arguments that conformers may rely on; a mistake stops the program.

extension MatrixOperations {
  /// Stops the program unless the matrices have the sizes of the product.
  package func checkProduct(_ product: MatrixProduct, _ a: Buffer, _ b: Buffer, _ c: Buffer) {
    precondition(
      a.count == product.rows * product.inner && b.count == product.inner * product.columns
        && c.count == product.rows * product.columns, "\(a.count), \(b.count) and \(c.count) values for \(product)")
  }

  /// Stops the program unless both have whole rows, and there is one offset a column.
  package func checkSoftmax(_ source: Buffer, columns: Int, offsets: Buffer?, _ destination: Buffer) {
    precondition(
      columns > 0 && source.count.isMultiple(of: columns), "\(source.count) values are not rows of \(columns)")
    precondition(source.count == destination.count, "\(source.count) values do not fill \(destination.count)")
    precondition((offsets?.count ?? columns) == columns, "there is one offset a column")
  }
}
