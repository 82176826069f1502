/// How a set is distributed over the classes of one question, and how that compares with the data.
public struct CompositionMeasures: Sendable, Hashable {
  /// What is said of one composition.
  public struct Values: Sendable, Hashable {
    /// The composition.
    public let composition: Composition
    /// ``Composition/entropy``, in bits.
    public let entropy: Estimate
    /// ``Composition/totalVariation(to:)`` to the data; nil where their composition is not known.
    public let totalVariation: Estimate?
    /// ``Composition/divergence(to:)`` to the data, in bits; nil where their composition is not known.
    public let divergence: Estimate?
  }

  /// What the classifier answers.
  public let name: String
  /// The set as the classifier sees it.
  public let answers: Values
  /// The set with the classifier's errors taken out, or nil where its confusion matrix is not known.
  public let corrected: Values?
  /// The data as the classifier sees them.
  public let data: Composition?
  /// The data with the classifier's errors taken out.
  public let correctedData: Composition?

  /// Measures a set's answers to a question.
  ///
  /// - Parameters:
  ///   - question: The answers; at least one.
  ///   - reference: The data's answers to the same question and the classifier's confusion matrix, or nil.
  ///   - bootstrap: Draws for intervals, or nil.
  public init(_ question: FeatureSet.Question, _ reference: FeatureReference.Question?, _ bootstrap: Bootstrap?) {
    let composition = question.composition, replicates = bootstrap.map { composition.replicates($0) } ?? []
    name = question.name
    data = reference?.composition
    answers = Self.values(composition, replicates, to: data, bootstrap)
    guard let confusion = reference?.confusion else {
      corrected = nil
      correctedData = nil
      return
    }
    correctedData = data?.corrected(by: confusion)
    // The matrix is known from a sample of images too, whose draw widens the intervals.
    let drawn = replicates.enumerated().map { replicate, composition in
      composition.corrected(by: bootstrap.map { $0.resampled(confusion, replicate: replicate) } ?? confusion)
    }
    corrected = Self.values(composition.corrected(by: confusion), drawn, to: correctedData, bootstrap)
  }

  private static func values(
    _ composition: Composition, _ replicates: [Composition], to data: Composition?, _ bootstrap: Bootstrap?
  ) -> Values {
    func estimate(_ limits: ClosedRange<Double>, _ measure: (Composition) -> Double) -> Estimate {
      guard let bootstrap else { return Estimate(measure(composition)) }
      return Estimate(measure(composition), replicates: replicates.map(measure), bootstrap, limits: limits)
    }
    return Values(
      composition: composition,
      entropy: estimate(0...Composition.largestEntropy(classCount: composition.shares.count)) { $0.entropy },
      totalVariation: data.map { data in estimate(0...1) { $0.totalVariation(to: data) } },
      divergence: data.map { data in estimate(0...Double.infinity) { $0.divergence(to: data) } })
  }
}

extension FeatureSet.Question {
  /// The difference of a measure of two sets whose images go in pairs, such as those of equal seeds: this set's less the other's.
  ///
  /// Pairs are drawn together, so that what both sets share cancels out of the interval.
  ///
  /// - Parameters:
  ///   - other: Answers about as many images to as many classes.
  ///   - bootstrap: The draws.
  ///   - measure: The measure of a composition, such as its entropy.
  public func pairedDifference(
    to other: FeatureSet.Question, _ bootstrap: Bootstrap, _ measure: (Composition) -> Double
  ) -> Estimate {
    precondition(answers.count == other.answers.count && classCount == other.classCount, "pairs of answers")
    func difference(_ weights: [Int]) -> Double {
      measure(Composition(answers: answers, weights: weights, classCount: classCount))
        - measure(Composition(answers: other.answers, weights: weights, classCount: classCount))
    }
    return Estimate(
      difference(.init(repeating: 1, count: answers.count)),
      replicates: (0..<bootstrap.replicates).map {
        difference(bootstrap.weights(count: answers.count, replicate: $0))
      }, bootstrap)
  }
}
