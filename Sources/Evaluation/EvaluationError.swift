/// A comparison that cannot be made.
public enum EvaluationError: Error, Sendable, Hashable, CustomStringConvertible {
  /// A covariance takes at least two images.
  case tooFewImages(path: String, count: Int)
  /// Images of another number of values than the statistics have.
  case otherSize(path: String, values: Int, expected: Int)
  /// Images with values that are not finite.
  case notFinite(path: String)
  /// More directions, of the images and of the statistics together, than a distance is computed with.
  case tooManyDirections(path: String, order: Int, largest: Int)

  /// The fault as one line that names the images.
  public var description: String {
    switch self {
    case .tooFewImages(let path, let count): "\(path): holds \(count) images; at least two are needed"
    case .otherSize(let path, let values, let expected):
      "\(path): images of \(values) values, the statistics are of \(expected)"
    case .notFinite(let path): "\(path): holds values that are not finite"
    case .tooManyDirections(let path, let order, let largest):
      "\(path): has \(order) directions together with the statistics; a distance takes at most \(largest), so that statistics "
        + "of a lower rank are needed"
    }
  }
}
