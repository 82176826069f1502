/// A comparison that cannot be made.
public enum EvaluationError: Error, Sendable, Hashable, CustomStringConvertible {
  /// Fewer images than the measures take; a covariance takes two.
  case tooFewImages(path: String, count: Int, needed: Int)
  /// Images of another number of values than the statistics have.
  case otherSize(path: String, values: Int, expected: Int)
  /// Images with values that are not finite.
  case notFinite(path: String)
  /// More directions, of the images and of the statistics together, than a distance is computed with.
  case tooManyDirections(path: String, order: Int, largest: Int)
  /// Features of another number of values than the reference has.
  case otherFeatures(path: String, dimension: Int, expected: Int)
  /// A reference by another network than the features.
  case otherExtractor(path: String, own: FeatureReference.Extractor, expected: FeatureReference.Extractor)
  /// A measure takes the features of single images, of which the reference has fewer than are needed.
  case noReferenceRows(measure: Measure, count: Int, needed: Int)
  /// More images than a measure of all pairs of them is computed with.
  case tooManyImages(path: String, measure: Measure, count: Int, largest: Int)
  /// Sets of different counts, whose measures do not compare.
  case unequalCounts(path: String, count: Int, other: String, otherCount: Int)
  /// A set of fewer images than were asked for.
  case fewerThanAsked(path: String, count: Int, asked: Int)

  /// The fault as one line that names the images.
  public var description: String {
    switch self {
    case .tooFewImages(let path, let count, let needed):
      "\(path): holds \(count) images; at least \(needed) are needed"
    case .otherSize(let path, let values, let expected):
      "\(path): images of \(values) values, the statistics are of \(expected)"
    case .notFinite(let path): "\(path): holds values that are not finite"
    case .tooManyDirections(let path, let order, let largest):
      "\(path): has \(order) directions together with the statistics; a distance takes at most \(largest), so that statistics "
        + "of a lower rank are needed"
    case .otherFeatures(let path, let dimension, let expected):
      "\(path): features of \(dimension) values, the reference has \(expected)"
    case .otherExtractor(let path, let own, let expected):
      "\(path): is the reference of \(own.name) (\(own.sha256.prefix(8))), the features are those of \(expected.name) "
        + "(\(expected.sha256.prefix(8)))"
    case .noReferenceRows(let measure, let count, let needed):
      "\(measure.rawValue) takes the features of single images, of which the reference holds \(count); at least \(needed) are needed"
    case .tooManyImages(let path, let measure, let count, let largest):
      "\(path): holds \(count) images; \(measure.rawValue) is measured of at most \(largest)"
    case .unequalCounts(let path, let count, let other, let otherCount):
      "\(path): holds \(count) images, \(other) \(otherCount); only equal counts compare"
    case .fewerThanAsked(let path, let count, let asked):
      "\(path): holds \(count) images; \(asked) were asked for"
    }
  }
}
