// The arguments that conformers may rely on; a mistake stops the program.

extension RandomOperations {
  /// Stops the program unless there is one seed a row.
  package func checkFillNormal(_ destination: Buffer, seeds: [UInt64]) {
    precondition(
      !seeds.isEmpty && destination.count.isMultiple(of: seeds.count),
      "\(destination.count) values are not \(seeds.count) rows")
  }
}
