// The arguments that conformers may rely on; a mistake stops the program.

extension FeatureMapOperations {
  /// Stops the program unless the values fill the feature map.
  package func checkEnter(_ source: Buffer, _ destination: FeatureMap) {
    precondition(
      source.count == destination.shape.count, "\(source.count) values do not fill \(destination.shape)")
  }

  /// Stops the program unless the feature map fills the buffer.
  package func checkLeave(_ source: FeatureMap, _ destination: Buffer) {
    precondition(
      destination.count == source.shape.count, "\(source.shape) does not fill \(destination.count) values")
  }

  /// Stops the program unless all are of one shape.
  package func checkActivate(_ source: FeatureMap, _ destination: FeatureMap) {
    precondition(source.shape == destination.shape, "\(source.shape) is not \(destination.shape)")
  }

  /// Stops the program unless source, gradient and destination are of one shape.
  package func checkActivateGradient(_ source: FeatureMap, _ gradient: FeatureMap, _ destination: FeatureMap) {
    precondition(
      source.shape == gradient.shape && source.shape == destination.shape,
      "\(source.shape), \(gradient.shape) and \(destination.shape) are not of one shape")
  }

  /// Stops the program unless there is a row for each index and a place for each row.
  package func checkLookUpEmbedding(of table: Parameter, _ indices: [Int], _ destination: FeatureMap) {
    precondition(table.shape.count == 2, "a table has rows and channels, not \(table.shape)")
    precondition(
      destination.shape == FeatureMapShape(batch: indices.count, channels: table.shape[1]),
      "\(indices.count) rows of \(table.shape[1]) do not fill \(destination.shape)")
    precondition(
      indices.allSatisfy { (0..<table.shape[0]).contains($0) }, "an index is not one of \(table.shape[0]) rows")
  }

  /// Stops the program unless all are of one shape.
  package func checkAdd(_ first: FeatureMap, _ second: FeatureMap?, _ destination: FeatureMap) {
    precondition(
      first.shape == destination.shape && (second ?? first).shape == destination.shape,
      "\(first.shape) does not fill \(destination.shape)")
  }

  /// Stops the program unless there is one place for each channel.
  package func checkSpatialSum(_ source: FeatureMap, _ destination: FeatureMap) {
    precondition(
      destination.shape == FeatureMapShape(batch: source.shape.batch, channels: source.shape.channels),
      "\(destination.shape) does not hold the sums of \(source.shape)")
  }
}
