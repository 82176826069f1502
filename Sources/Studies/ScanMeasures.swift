public import Evaluation

/// What a set of images measures in a classifier's features.
public struct ScanMeasures: Sendable, Hashable, Codable {
  /// How the images answer one of the classifier's questions.
  public struct Answers: Sendable, Hashable, Codable {
    /// The question.
    public let question: String
    /// The share of each class.
    public let shares: [Double]
    /// The entropy of the shares in bits.
    public let entropy: Estimate
    /// The entropy in bits with the classifier's errors taken out, or nil where they are not known.
    public let corrected: Estimate?

    /// Answers from their parts.
    package init(question: String, shares: [Double], entropy: Estimate, corrected: Estimate?) {
      self.question = question
      self.shares = shares
      self.entropy = entropy
      self.corrected = corrected
    }
  }

  /// Images.
  public let images: Int
  /// The Frechet distance to the reference.
  public let distance: Estimate
  /// The compositions, one a question.
  public let answers: [Answers]

  /// Measures from their parts.
  package init(images: Int, distance: Estimate, answers: [Answers]) {
    self.images = images
    self.distance = distance
    self.answers = answers
  }
}

extension ScanMeasures {
  /// Measures a set of features.
  ///
  /// - Parameters:
  ///   - set: The features, all rows of them.
  ///   - reference: What they are compared with.
  ///   - bootstrap: How intervals are found, or nil for none.
  ///   - name: What errors call the set.
  /// - Throws: `EvaluationError` if the features are not those of the reference.
  init(
    _ set: FeatureSet, _ reference: FeatureReference, _ bootstrap: Bootstrap?, name: String
  ) throws(EvaluationError) {
    let measures = try SampleMeasures(set, to: reference, MeasureSettings(bootstrap: bootstrap), path: name)
    images = measures.count
    distance = measures.frechet ?? Estimate(set.frechetDistance(to: reference.moments))
    answers = measures.compositions.map { question in
      Answers(
        question: question.name, shares: question.answers.composition.shares, entropy: question.answers.entropy,
        corrected: question.corrected?.entropy)
    }
  }
}
