// The arguments that conformers may rely on; a mistake stops the program.

extension AttentionOperations {
  /// Stops the program unless the projections are three of the destination's shape, and the heads share its channels.
  package func checkAttend(_ projections: FeatureMap, heads: Int, _ destination: FeatureMap) {
    let shape = destination.shape
    precondition(
      projections.shape == shape.with(channels: 3 * shape.channels),
      "\(projections.shape) does not hold queries, keys and values of \(shape)")
    precondition(heads > 0 && shape.channels.isMultiple(of: heads), "\(heads) heads do not share \(shape)")
  }

  /// Stops the program unless the gradient is one of attention's result, and the destination of its projections.
  package func checkAttendGradient(
    _ projections: FeatureMap, heads: Int, _ gradient: FeatureMap, _ destination: FeatureMap
  ) {
    checkAttend(projections, heads: heads, gradient)
    precondition(destination.shape == projections.shape, "\(destination.shape) is not \(projections.shape)")
  }
}
