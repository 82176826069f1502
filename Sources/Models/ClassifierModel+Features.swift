public import Compute
public import Datasets
public import Evaluation
import Files
import Networks
import Tensors

extension ClassifierModel {
  /// What the classifier says of every image: an answer to the question of each head.
  ///
  /// - Parameters:
  ///   - source: Images of the classifier's size.
  ///   - backend: The device.
  /// - Throws: ``ModelError`` if the images are of another size, or an error of reading or of the device.
  public func answers(to source: any ImageSource, on backend: any Backend) throws -> [FeatureSet.Question] {
    var logits = [[Float]](repeating: [], count: network.configuration.heads.count)
    try classify(source, on: backend) { _, new in
      for (head, values) in new.enumerated() { logits[head] += values }
    }
    return zip(network.configuration.heads, logits).map { head, logits in
      .init(name: head.name, classCount: head.classes, logits: logits)
    }
  }

  /// Classifies a data set and compares with its labels.
  ///
  /// - Throws: ``ModelError`` if there are no labels, or not as many kinds as heads.
  public func report(on source: any ImageSource, _ backend: any Backend) throws -> ClassificationReport {
    let labels = try source.labelSets(), heads = network.configuration.heads
    guard labels.count == heads.count else {
      throw ModelError.labels(path: source.path, count: labels.count, heads: heads.count, model: name)
    }
    let answers = try answers(to: source, on: backend)
    return ClassificationReport(
      count: answers.first?.answers.count ?? 0,
      heads: answers.enumerated().map { place, question in
        .init(
          name: question.name, classes: question.classCount, labels: labels[place], answers: question.answers)
      })
  }

  /// The features of images, their embeddings, with the answers of all heads, in one pass.
  ///
  /// All measures see the images in 8 bits (`inEightBits`), so that samples measure the same in every form.
  ///
  /// - Parameters:
  ///   - source: Images of the classifier's size; at least two.
  ///   - backend: The device.
  ///   - count: Images to take from the beginning, or nil for all.
  ///   - rowLimit: Images whose features are kept one by one; intervals take those of all.
  ///   - progress: Called with the images done.
  /// - Throws: ``ModelError`` if the images are of another size, `EvaluationError` if there are too few, `FileError` if their features
  ///   are not finite, or an error of reading or of the device.
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
      dimension: network.configuration.featureCount, count: count ?? source.count, rowLimit: rowLimit,
      questions: network.configuration.heads.map { ($0.name, $0.classes) })
    var done = 0
    try classify(source, on: backend, count: count) { features, logits in
      guard features.allSatisfy(\.isFinite) else {
        throw FileError(source.path, "\(name) gives features that are not finite")
      }
      accumulator.add(features, logits: logits)
      done += features.count / network.configuration.featureCount
      progress(done)
    }
    return accumulator.set()
  }

  /// Passes images through the network batch by batch.
  ///
  /// - Parameter body: Takes the embeddings of a batch and each head's logits.
  private func classify(
    _ source: any ImageSource, on backend: any Backend, count: Int? = nil,
    _ body: (_ features: [Float], _ logits: [[Float]]) throws -> Void
  ) throws {
    let configuration = network.configuration, shape = source.shape
    guard shape == imageShape else {
      throw ModelError.images(path: source.path, shape: shape, model: name, expected: imageShape)
    }
    var left = count ?? .max
    while left > 0 {
      let images = try source.next(min(Self.batch, left))
      if images.isEmpty { return }
      guard images.allSatisfy(\.isFinite) else { throw EvaluationError.notFinite(path: source.path) }
      let count = images.count / shape.count
      left -= count
      let x = Tensor(inEightBits(images), shape: [count, shape.channels, shape.height, shape.width], on: backend)
      let (embedding, output) = network.forward(x)
      let values = try output.tensor().values(), width = configuration.logitCount
      let logits = configuration.logits.map { range in
        (0..<count).flatMap { values[$0 * width + range.lowerBound..<$0 * width + range.upperBound] }
      }
      try body(embedding.tensor().values(), logits)
    }
  }

  /// Images of one evaluation.
  private static let batch = 100

  /// The classifier as the maker of features, by the digest of its weights: of its file, or of its values where there is none.
  public var extractor: FeatureReference.Extractor {
    FeatureReference.Extractor(name: name, sha256: digest)
  }
}
