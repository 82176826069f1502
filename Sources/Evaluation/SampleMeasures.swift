import HostMath

/// Everything that was asked about a set of samples, measured against a data set.
public struct SampleMeasures: Sendable, Hashable {
  /// Images of the set.
  public let count: Int
  /// The Frechet distance to the data's features.
  public let frechet: Estimate?
  /// The kernel distance to the data's features.
  public let kernel: KernelDistance?
  /// Precision, recall, density and coverage of the data's features.
  public let manifold: ManifoldMeasures.Estimates?
  /// The composition of each question; empty if it was not asked for.
  public let compositions: [CompositionMeasures]
  /// The Inception Score of each question; empty if it was not asked for.
  public let inceptionScores: [InceptionScore]

  /// Measures a set.
  ///
  /// - Parameters:
  ///   - set: The features of the samples; with intervals, those of all images.
  ///   - reference: The data.
  ///   - settings: What is measured.
  ///   - path: What errors call the samples.
  /// - Throws: ``EvaluationError`` if the set is too small, has other features, or the reference lacks what a measure takes.
  public init(
    _ set: FeatureSet, to reference: FeatureReference, _ settings: MeasureSettings = .init(), path: String
  ) throws(EvaluationError) {
    try Self.check(set, reference, settings, path)
    let bootstrap = settings.bootstrap, measures = settings.measures
    count = set.count
    frechet =
      measures.contains(.frechet)
      ? bootstrap.map { set.frechetDistance(to: reference.moments, $0) }
        ?? Estimate(set.frechetDistance(to: reference.moments)) : nil
    kernel =
      measures.contains(.kernel)
      ? KernelDistance(
        set.rows, reference.rows, dimension: set.dimension, subsetSize: settings.subsetSize, bootstrap) : nil
    manifold =
      measures.contains(.manifold)
      ? ManifoldMeasures.estimates(
        samples: set.rows, data: reference.rows, dimension: set.dimension, neighbours: settings.neighbours, bootstrap)
      : nil
    let questions = measures.contains(.composition) ? set.questions : []
    compositions = questions.map { question in
      CompositionMeasures(question, reference.questions.first { $0.name == question.name }, bootstrap)
    }
    let scored = measures.contains(.inceptionScore) ? set.questions.filter { !$0.logits.isEmpty } : []
    inceptionScores = scored.map { InceptionScore($0, bootstrap) }
  }

  private static func check(
    _ set: FeatureSet, _ reference: FeatureReference, _ settings: MeasureSettings, _ path: String
  ) throws(EvaluationError) {
    guard set.dimension == reference.moments.dimension else {
      throw .otherFeatures(path: path, dimension: set.dimension, expected: reference.moments.dimension)
    }
    guard set.count >= settings.leastCount else {
      throw .tooFewImages(path: path, count: set.count, needed: settings.leastCount)
    }
    guard !settings.measures.contains(.manifold) || set.count <= ManifoldMeasures.largestCount else {
      throw .tooManyImages(
        path: path, measure: .manifold, count: set.count, largest: ManifoldMeasures.largestCount)
    }
    precondition(
      settings.bootstrap == nil || set.rowCount == set.count, "intervals take the features of all \(set.count) images")
    for measure in Measure.allCases where measure.needsReferenceRows && settings.measures.contains(measure) {
      guard reference.rowCount >= settings.leastCount else {
        throw .noReferenceRows(measure: measure, count: reference.rowCount, needed: settings.leastCount)
      }
    }
  }
}
