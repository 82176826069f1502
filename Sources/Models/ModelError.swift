public import Tensors

/// A model that does not fit the request.
public enum ModelError: Error, Sendable, Hashable, CustomStringConvertible {
  /// Neither the configuration nor the request names a size of images.
  case noSampleSize(model: String)
  /// Samples of another size than the only one that there is.
  case sampleSize(model: String, own: ImageShape)
  /// The request names a class, and the model has none.
  case noClasses(model: String)
  /// The request has guidance, and the network has no class embedding.
  case noGuidance(model: String)
  /// The network does not take the samples or labels; `fault` is its own word, `label` whether a label was given.
  case input(model: String, fault: String, isLabelled: Bool)
  /// Statistics of images of other extents.
  case statistics(of: ImageShape, expected: ImageShape)
  /// Images that a classifier does not take.
  case images(path: String, shape: ImageShape, model: String, expected: ImageShape)
  /// Images that are neither grey nor in colour, for a network that takes no others.
  case channels(path: String, count: Int, model: String)
  /// Labels that do not fit a classifier's heads.
  case labels(path: String, count: Int, heads: Int, model: String)

  /// The fault as one line that names the model or file.
  public var description: String {
    switch self {
    case .noSampleSize(let model): "\(model): its configuration names no sample_size"
    case .sampleSize(let model, let own): "the samples of \(model) are \(own)"
    case .noClasses(let model): "\(model) has no classes"
    case .noGuidance(let model): "\(model) has no table of classes"
    case .input(let model, let fault, _): "\(model): \(fault)"
    case .statistics(let shape, let expected):
      "the statistics are of images of \(shape), the run's are of \(expected)"
    case .images(let path, let shape, let model, let expected):
      "\(path): images of \(shape); \(model) takes \(expected)"
    case .channels(let path, let count, let model): "\(path): images of \(count) channels; \(model) takes 1 and 3"
    case .labels(let path, let count, let heads, let model):
      "\(path): \(count) kinds of label for the \(heads) heads of \(model)"
    }
  }
}
