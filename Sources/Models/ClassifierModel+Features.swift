public import Compute
public import Datasets
public import Evaluation
import Networks

extension ClassifierModel {
  /// What the classifier says of every image: an answer to the question of each head.
  ///
  /// - Parameters:
  ///   - source: Images of the classifier's size.
  ///   - backend: The device.
  /// - Throws: ``ModelError`` if the images are of another size, or an error of reading or of the device.
  public func answers(to source: any ImageSource, on backend: any Backend) throws -> [FeatureSet.Question] {
    var logits = [[Float]](repeating: [], count: network.configuration.heads.count)
    try describe(source, on: backend) { _, new in
      for (head, values) in new.enumerated() { logits[head] += values }
    }
    return zip(network.configuration.heads, logits).map { head, logits in
      .init(name: head.name, classCount: head.classes, logits: logits)
    }
  }

  /// The labels of a data set, one list a head, if its accuracy can be told.
  ///
  /// - Throws: ``ModelError`` if there are no labels, not as many kinds as heads, or images of another size.
  public func labels(of source: any ImageSource) throws -> [[Int]] {
    try check(source.shape, path: source.path)
    let labels = try source.labelSets(), heads = network.configuration.heads
    guard labels.count == heads.count else {
      throw ModelError.labels(path: source.path, count: labels.count, heads: heads.count, model: name)
    }
    return labels
  }

  /// Classifies a data set and compares with its labels.
  ///
  /// - Throws: As ``labels(of:)`` does.
  public func report(on source: any ImageSource, _ backend: any Backend) throws -> ClassificationReport {
    let labels = try labels(of: source)
    let answers = try answers(to: source, on: backend)
    return ClassificationReport(
      count: answers.first?.answers.count ?? 0,
      heads: answers.enumerated().map { place, question in
        .init(
          name: question.name, classes: question.classCount, labels: labels[place], answers: question.answers)
      })
  }
}
