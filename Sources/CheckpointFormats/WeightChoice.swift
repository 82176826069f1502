/// Which of the weights that a training keeps are taken.
public enum WeightChoice: String, Sendable, Codable, CaseIterable {
  /// The average over the steps of the training, by which such models are sampled.
  case average
  /// Those of the last step.
  case raw
}
