// The arguments that conformers may rely on; a mistake stops the program.

extension PointwiseOperations {
  /// Stops the program unless there are one to eight terms of the destination's length.
  package func checkCombine(_ terms: [Term], _ destination: Buffer) {
    precondition((1...8).contains(terms.count), "a combination has one to eight terms, not \(terms.count)")
    precondition(
      terms.allSatisfy { $0.buffer.count == destination.count }, "all terms have \(destination.count) values")
  }

  /// Stops the program unless both are of one length.
  package func checkLengths(_ source: Buffer, _ destination: Buffer) {
    precondition(source.count == destination.count, "\(source.count) values do not fill \(destination.count)")
  }

  /// Stops the program unless both are of one length and have as many rows as there are values for rows.
  package func checkRows(_ source: Buffer, rows: Buffer, _ destination: Buffer) {
    checkLengths(source, destination)
    precondition(source.count.isMultiple(of: rows.count), "\(source.count) values are not \(rows.count) rows")
  }

  /// Stops the program unless there is a row for each index and a place for each row.
  package func checkSelectRows(_ source: Buffer, _ indices: [Int], _ destination: Buffer) {
    precondition(source !== destination, "the destination is the source")
    precondition(
      !indices.isEmpty && destination.count.isMultiple(of: indices.count),
      "\(destination.count) values are not \(indices.count) rows")
    let length = destination.count / indices.count
    precondition(source.count.isMultiple(of: length), "\(source.count) values are not rows of \(length)")
    let rows = source.count / length
    precondition(indices.allSatisfy { (0..<rows).contains($0) }, "an index is not one of \(rows) rows")
  }

  /// Stops the program unless all are of one length.
  package func checkScaling(_ source: Buffer, of argument: Buffer, _ destination: Buffer) {
    checkLengths(source, destination)
    checkLengths(argument, destination)
  }
}
