public import HostMath

/// Features of a set of images and a classifier's answers about them: what every measure of a set is computed from.
public struct FeatureSet: Sendable {
  /// One question that a classifier answers about every image, such as which digit it shows.
  public struct Question: Sendable, Hashable {
    /// Its name.
    public let name: String
    /// Classes to choose from.
    public let classCount: Int
    /// The class of every image.
    public let answers: [Int]
    /// What the classifier says for each class of every image, `[images, classCount]`, or empty where that is not known.
    public let logits: [Float]

    /// Answers to a question, each of `0..<classCount`.
    public init(name: String, classCount: Int, answers: [Int]) {
      precondition(answers.allSatisfy { (0..<classCount).contains($0) }, "answers are classes")
      self.name = name
      self.classCount = classCount
      self.answers = answers
      logits = []
    }

    /// The most likely answers by logits, `[images, classCount]`, row-major; the first of equal ones.
    public init(name: String, classCount: Int, logits: [Float]) {
      precondition(classCount > 0 && logits.count % classCount == 0, "logits of \(classCount) classes")
      self.name = name
      self.classCount = classCount
      self.logits = logits
      answers = stride(from: 0, to: logits.count, by: classCount).map { start in
        (1..<classCount).reduce(0) { logits[start + $1] > logits[start + $0] ? $1 : $0 }
      }
    }

    /// How the images are distributed over the classes.
    public var composition: Composition { Composition(answers: answers, classCount: classCount) }
  }

  /// Images of the set.
  public let count: Int
  /// Values of an image's features.
  public let dimension: Int
  /// Mean and covariance of the features of all images.
  public let moments: Moments
  /// The features of single images, `[rowCount, dimension]`, row-major: of all, or of as many as were asked for.
  public let rows: [Float]
  /// The questions with their answers.
  public let questions: [Question]

  /// Images whose features are kept.
  public var rowCount: Int { rows.count / dimension }

  /// A set from its parts.
  public init(count: Int, moments: Moments, rows: [Float], questions: [Question] = []) {
    precondition(rows.count % moments.dimension == 0, "rows of \(moments.dimension) values")
    self.count = count
    dimension = moments.dimension
    self.moments = moments
    self.rows = rows
    self.questions = questions
  }

  /// The Frechet distance to another set's features (Heusel and others 2017, equation 6).
  ///
  /// Only in the features of Inception is it called FID. Distances of different features, or at different counts, do not compare.
  public func frechetDistance(to reference: Moments) -> Double { HostMath.frechetDistance(moments, reference) }

  /// The Frechet distance with its interval over the draw of this set; the reference counts as exact.
  ///
  /// Takes the features of all images.
  /// The replicates of a bootstrap spread more than the distance itself does, since the derivative at the rows' own covariance
  /// holds its errors as well: to second order by twice the variance `Q` of the distance of a resampled set to this very set. The
  /// interval is scaled to the standard deviation that is left, `sqrt(Var(influence) / n - Q)`.
  ///
  /// Costs `O(replicates * dimension^3)`.
  public func frechetDistance(to reference: Moments, _ bootstrap: Bootstrap) -> Estimate {
    precondition(rowCount == count, "the interval of a distance takes all rows of its set")
    let value = frechetDistance(to: reference)
    let source = ResampledMoments(rows: rows, dimension: dimension), reference = FrechetReference(reference)
    let own = source.moments(weights: .init(repeating: 1, count: count))
    let gradient = reference.gradient(mean: own.mean, covariance: own.covariance)
    let influence = source.forms(linear: gradient.linear, quadratic: gradient.quadratic)
    let itself = FrechetReference(mean: own.mean, covariance: own.covariance)
    var replicates: [Double] = [], null: [Double] = []
    for replicate in 0..<bootstrap.replicates {
      let drawn = source.moments(weights: bootstrap.weights(count: count, replicate: replicate))
      replicates.append(reference.distance(mean: drawn.mean, covariance: drawn.covariance))
      null.append(itself.distance(mean: drawn.mean, covariance: drawn.covariance))
    }
    let quadratic = variance(null)
    let deviation = max(variance(influence) / Double(count) - quadratic, quadratic).squareRoot()
    return Estimate(
      value, replicates: replicates, bootstrap, deviation: deviation, limits: 0...Double.infinity, isSquare: true)
  }
}

/// The mean squared distance of numbers to their mean.
func variance(_ values: [Double]) -> Double {
  let mean = values.reduce(0, +) / Double(values.count)
  return values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)
}
