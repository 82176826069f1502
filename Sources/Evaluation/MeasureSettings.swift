/// A kind of measure of a set of features, by the name that users give it.
public enum Measure: String, Sendable, Hashable, Codable, CaseIterable {
  /// The Frechet distance, see ``FeatureSet/frechetDistance(to:)``.
  case frechet
  /// The kernel distance, see ``KernelDistance``.
  case kernel = "kid"
  /// Precision, recall, density and coverage, see ``ManifoldMeasures``.
  case manifold = "pr"
  /// How the set is distributed over classes, see ``CompositionMeasures``.
  case composition
  /// The Inception Score, see ``InceptionScore``.
  case inceptionScore = "is"

  /// Whether the measure takes the features of single images of the reference.
  public var needsReferenceRows: Bool { self == .kernel || self == .manifold }

  /// Whether the measure is of the classes that a network tells apart.
  public var needsClasses: Bool { self == .composition || self == .inceptionScore }
}

/// What is measured of a set of features, and how.
public struct MeasureSettings: Sendable, Hashable, Codable {
  /// The measures.
  public var measures: Set<Measure>
  /// How intervals are found, or nil for none.
  public var bootstrap: Bootstrap?
  /// Which neighbour the balls of ``ManifoldMeasures`` reach to.
  public var neighbours: Int
  /// Rows of a subset of a ``KernelDistance``.
  public var subsetSize: Int

  /// The Frechet distance and the composition with intervals of 200 draws, by default.
  public init(
    measures: Set<Measure> = [.frechet, .composition], bootstrap: Bootstrap? = Bootstrap(), neighbours: Int = 3,
    subsetSize: Int = 1000
  ) {
    precondition(neighbours > 0 && subsetSize >= 2, "balls to a neighbour, subsets of at least two rows")
    self.measures = measures
    self.bootstrap = bootstrap
    self.neighbours = neighbours
    self.subsetSize = subsetSize
  }

  /// The images of a set that the measures take at least.
  ///
  /// A covariance takes two; balls to the k-th neighbour more than k, and intervals are found from halves of the set.
  public var leastCount: Int {
    measures.contains(.manifold) ? (bootstrap == nil ? neighbours + 1 : 2 * (neighbours + 1)) : 2
  }
}
