// The arguments that conformers may rely on; a mistake stops the program.

extension ReductionOperations {
  /// Stops the program unless the source has as many rows as the destination has values.
  package func checkSumSquares(_ source: Buffer, _ destination: Buffer) {
    precondition(
      source.count.isMultiple(of: destination.count), "\(source.count) values are not \(destination.count) rows")
  }
}
