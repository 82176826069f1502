import HostMath

/// The moments of a classifier's embeddings of a set of images, and the class proportions.
public struct FeatureStatistics: Sendable {
  /// Images of the set.
  public let count: Int
  /// The proportion of each class of the first head.
  public let classProportions: [Double]
  private let moments: Moments

  /// Statistics of embeddings.
  ///
  /// - Parameters:
  ///   - features: Embeddings `[images, width]`, row-major; at least two rows.
  ///   - width: Values of an embedding.
  ///   - classes: The class of each image.
  ///   - classCount: Classes in all.
  public init(features: [Float], width: Int, classes: [Int], classCount: Int) {
    precondition(classes.count >= 2 && features.count == classes.count * width, "features and a class of each image")
    var accumulator = MomentAccumulator(dimension: width)
    accumulator.add(features)
    moments = accumulator.moments()
    count = classes.count
    classProportions = (0..<classCount).map { kind in
      Double(classes.filter { $0 == kind }.count) / Double(classes.count)
    }
  }

  /// The Frechet distance to another set, in the embeddings of the same classifier.
  ///
  /// It is the distance of Heusel et al. (2017, equation 6) with a classifier of one's own in Inception's place: distances of
  /// different classifiers, or at different counts, do not compare.
  public func distance(to other: FeatureStatistics) -> Double { frechetDistance(moments, other.moments) }
}
