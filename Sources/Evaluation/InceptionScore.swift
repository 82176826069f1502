import Foundation

/// The Inception Score: how sure a classifier is of each image, and how varied its answers are (Salimans and others 2016).
///
/// ```
/// IS = exp(mean over i of KL(p(y | x_i) || p(y)))
/// ```
///
/// From 1 to the number of classes. It is called so only with Inception's logits.
///
/// - Parameters:
///   - logits: `[images, classCount]`, row-major; at least one image.
///   - classCount: Classes.
///   - bootstrap: Draws for an interval, or nil.
public func inceptionScore(logits: [Float], classCount: Int, _ bootstrap: Bootstrap? = nil) -> Estimate {
  precondition(classCount > 0 && logits.count >= classCount, "logits of at least one image")
  let count = logits.count / classCount
  var probabilities: [Double] = [], surprises: [Double] = []
  for row in 0..<count {
    let own = logits[row * classCount..<(row + 1) * classCount].map(Double.init), largest = own.max() ?? 0
    let logSum = log(own.reduce(0) { $0 + exp($1 - largest) }) + largest
    let logs = own.map { $0 - logSum }
    probabilities += logs.map { exp($0) }
    surprises.append(logs.reduce(0) { $0 + exp($1) * $1 })
  }
  func score(_ weights: [Int]) -> Double {
    var marginal = [Double](repeating: 0, count: classCount), certainty = 0.0
    for (row, weight) in weights.enumerated() where weight > 0 {
      certainty += Double(weight) * surprises[row]
      for kind in 0..<classCount { marginal[kind] += Double(weight) * probabilities[row * classCount + kind] }
    }
    let n = Double(weights.reduce(0, +))
    let entropy = marginal.reduce(0) { $1 > 0 ? $0 - $1 / n * log($1 / n) : $0 }
    return exp(certainty / n + entropy)
  }
  let value = score(.init(repeating: 1, count: count))
  guard let bootstrap else { return Estimate(value) }
  return Estimate(
    value, replicates: (0..<bootstrap.replicates).map { score(bootstrap.weights(count: count, replicate: $0)) },
    bootstrap, limits: 1...Double(classCount))
}

/// The score of a classifier's answers to one question.
public struct InceptionScore: Sendable, Hashable {
  /// What the classifier answers.
  public let question: String
  /// The score, see ``inceptionScore(logits:classCount:_:)``.
  public let score: Estimate

  /// The score of answers whose logits are known.
  init(_ question: FeatureSet.Question, _ bootstrap: Bootstrap?) {
    self.question = question.name
    score = inceptionScore(logits: question.logits, classCount: question.classCount, bootstrap)
  }
}
