public import Compute
public import Datasets
public import Evaluation
import Files
public import Tensors

/// A network in whose features sets of images are measured: a classifier, or Inception.
public protocol FeatureExtractor {
  /// What messages call it.
  var name: String { get }
  /// What the Frechet distance in these features is called: FID in Inception's, and in no others.
  var distanceName: String { get }
  /// The network as the maker of features, by the digest of its weights.
  var extractor: FeatureReference.Extractor { get throws }
  /// Values that describe an image.
  var featureCount: Int { get }
  /// What the network answers about every image; empty for one that does not classify.
  var questions: [(name: String, classCount: Int)] { get }
  /// The channels as which images are to be read, or nil for one that takes grey and colour images as they are.
  var imageChannels: Int? { get }
  /// Images that are evaluated together.
  var batch: Int { get }

  /// The features of the network's own data, where its directory holds them as `reference.safetensors`.
  ///
  /// - Throws: `FileError` if the file is damaged, `EvaluationError` if another network made it.
  func reference() throws -> FeatureReference?

  /// Checks that the network takes images of a shape.
  ///
  /// - Parameters:
  ///   - shape: The images' extents.
  ///   - path: What the error calls them.
  /// - Throws: ``ModelError`` if it does not.
  func check(_ shape: ImageShape, path: String) throws(ModelError)

  /// The features of a batch, `[images, featureCount]`, and for each question the logits, `[images, classCount]`.
  ///
  /// - Parameter images: `[batch, channels, height, width]`, values in [-1, 1].
  func describe(_ images: Tensor) throws(DeviceError) -> (features: [Float], logits: [[Float]])
}

extension FeatureExtractor {
  /// The features of images with the answers to all questions, in one pass.
  ///
  /// All measures see the images in 8 bits (`inEightBits`), so that samples measure the same in every form.
  ///
  /// - Parameters:
  ///   - source: Images that the network takes; at least two.
  ///   - backend: The device.
  ///   - count: Images to take from the beginning, or nil for all.
  ///   - rowLimit: Images whose features are kept one by one; intervals take those of all.
  ///   - progress: Called with the images done.
  /// - Throws: ``ModelError`` if the network does not take the images, `EvaluationError` if there are too few, `FileError` if their
  ///   features are not finite, or an error of reading or of the device.
  public func features(
    of source: any ImageSource, on backend: any Backend, count: Int? = nil, rowLimit: Int = .max,
    progress: (Int) -> Void = { _ in }
  ) throws -> FeatureSet {
    let least = max(2, count ?? 2)
    guard source.count >= least else {
      throw count.map { EvaluationError.fewerThanAsked(path: source.path, count: source.count, asked: $0) }
        ?? .tooFewImages(path: source.path, count: source.count, needed: least)
    }
    var accumulator = FeatureAccumulator(
      dimension: featureCount, count: count ?? source.count, rowLimit: rowLimit, questions: questions)
    var done = 0
    try describe(source, on: backend, count: count) { features, logits in
      guard features.allSatisfy(\.isFinite) else {
        throw FileError(source.path, "\(name) gives features that are not finite")
      }
      accumulator.add(features, logits: logits)
      done += features.count / featureCount
      progress(done)
    }
    return accumulator.set()
  }

  /// The features of the next images of a source and the logits of each question, one image after the other.
  ///
  /// - Parameters:
  ///   - source: Images that the network takes.
  ///   - count: How many.
  ///   - backend: The device.
  ///   - progress: Called with the images done.
  /// - Throws: As ``features(of:on:count:rowLimit:progress:)``, and if there are fewer.
  public func descriptions(
    of source: any ImageSource, count: Int, on backend: any Backend, progress: (Int) -> Void = { _ in }
  ) throws -> (features: [Float], logits: [[Float]]) {
    var features: [Float] = [], logits = [[Float]](repeating: [], count: questions.count)
    try describe(source, on: backend, count: count) { own, answers in
      guard own.allSatisfy(\.isFinite) else {
        throw FileError(source.path, "\(name) gives features that are not finite")
      }
      features += own
      for (place, list) in answers.enumerated() { logits[place] += list }
      progress(features.count / featureCount)
    }
    guard features.count == count * featureCount else {
      throw FileError(source.path, "ends \(count - features.count / featureCount) images before its count")
    }
    return (features, logits)
  }

  /// Passes images through the network batch by batch.
  ///
  /// - Parameter body: Takes the features of a batch and the logits of each question.
  func describe(
    _ source: any ImageSource, on backend: any Backend, count: Int? = nil,
    _ body: (_ features: [Float], _ logits: [[Float]]) throws -> Void
  ) throws {
    let shape = source.shape
    try check(shape, path: source.path)
    var left = count ?? .max
    while left > 0 {
      let images = try source.next(min(batch, left))
      if images.isEmpty { return }
      guard images.allSatisfy(\.isFinite) else { throw EvaluationError.notFinite(path: source.path) }
      let count = images.count / shape.count
      left -= count
      let (features, logits) = try describe(
        Tensor(inEightBits(images), shape: [count, shape.channels, shape.height, shape.width], on: backend))
      try body(features, logits)
    }
  }
}
