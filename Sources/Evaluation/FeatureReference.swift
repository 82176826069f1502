public import HostMath

/// What sets of features are measured against: the features of a data set in a few numbers.
///
/// Its moments are enough for Frechet distances; kernel distances, precision and recall take rows as well.
public struct FeatureReference: Sendable, Hashable {
  /// What makes the features.
  public struct Extractor: Sendable, Hashable, Codable {
    /// Its name, such as `mnist-classifier`.
    public let name: String
    /// SHA-256 of its weights, in hexadecimal digits, by which another network of the same name is told apart.
    public let sha256: String

    /// A network by its name and the digest of its weights.
    public init(name: String, sha256: String) {
      self.name = name
      self.sha256 = sha256
    }
  }

  /// One question that a classifier answers about every image.
  public struct Question: Sendable, Hashable {
    /// Its name.
    public let name: String
    /// How the data are distributed over the classes.
    public let composition: Composition
    /// Images that the classifier was not trained on, by true class (rows) and predicted class (columns); nil if unknown.
    public let confusion: [[Int]]?

    /// A question with its answers.
    public init(name: String, composition: Composition, confusion: [[Int]]? = nil) {
      self.name = name
      self.composition = composition
      self.confusion = confusion
    }
  }

  /// What made the features, or nil where the file does not say, as those of other programs.
  public let extractor: Extractor?
  /// Images of the data set, or nil where that is not known.
  public let count: Int?
  /// Mean and covariance of their features.
  public let moments: Moments
  /// The features of some images, `[rowCount, dimension]`, row-major; empty if there are none.
  public let rows: [Float]
  /// The classifier's questions.
  public let questions: [Question]

  /// Images whose features are kept.
  public var rowCount: Int { rows.count / moments.dimension }

  /// A reference from its parts.
  public init(extractor: Extractor?, count: Int?, moments: Moments, rows: [Float] = [], questions: [Question] = []) {
    precondition(rows.count % moments.dimension == 0, "rows of \(moments.dimension) values")
    self.extractor = extractor
    self.count = count
    self.moments = moments
    self.rows = rows
    self.questions = questions
  }

  /// The reference that a data set makes by its features.
  ///
  /// - Parameters:
  ///   - set: The features of its images; the rows that it keeps are kept here.
  ///   - extractor: What made them.
  ///   - report: What the same classifier says of labelled images that it was not trained on, or nil.
  public init(_ set: FeatureSet, by extractor: Extractor, report: ClassificationReport? = nil) {
    self.init(
      extractor: extractor, count: set.count, moments: set.moments, rows: set.rows,
      questions: set.questions.map { question in
        Question(
          name: question.name, composition: question.composition,
          confusion: report?.heads.first { $0.name == question.name }?.confusion)
      })
  }

  /// Finds out whether features of a network can be measured against this reference; one that names no network takes any.
  ///
  /// - Parameters:
  ///   - extractor: The network of the features.
  ///   - path: What errors call the reference.
  /// - Throws: ``EvaluationError`` if another network made it.
  public func check(_ extractor: Extractor, path: String) throws(EvaluationError) {
    guard let own = self.extractor, own.sha256 != extractor.sha256 else { return }
    throw .otherExtractor(path: path, own: own, expected: extractor)
  }
}
