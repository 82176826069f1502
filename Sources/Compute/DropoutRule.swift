/// What becomes of a value in ``FeatureMapOperations/dropout(_:probability:seeds:key:into:)``, as devices decide it.
package struct DropoutRule {
  /// Values whose word is below it become zero: the smallest word whose 2^-32th is not below the probability.
  package let threshold: UInt32
  /// What the others are multiplied by.
  package let scale: Float

  /// The rule of a probability, for an activation with one seed a sample.
  package init(probability: Double, shape: FeatureMapShape, destination: FeatureMapShape, seeds: Int) {
    precondition(shape == destination && seeds == shape.batch, "one seed for each sample of \(shape)")
    precondition(0..<1 ~= probability, "a probability is at least zero and less than one, not \(probability)")
    threshold = UInt32(clamping: Int((probability * 0x1p32).rounded(.up)))
    scale = Float(1 / (1 - probability))
  }
}
