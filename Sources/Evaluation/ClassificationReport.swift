/// The accuracy of a classifier on labelled images, by head.
public struct ClassificationReport: Sendable, Hashable, Codable {
  /// The predictions of one head.
  public struct Head: Sendable, Hashable, Codable {
    /// What the head classifies, such as `digit`.
    public let name: String
    /// The confusion matrix: images by true class (rows) and predicted class (columns).
    public let confusion: [[Int]]

    /// The share of correct predictions.
    public var accuracy: Double {
      let right = confusion.indices.reduce(0) { $0 + confusion[$1][$1] }
      return Double(right) / Double(max(1, confusion.reduce(0) { $0 + $1.reduce(0, +) }))
    }

    /// Counts labels and predictions; labels past the last class count nowhere.
    ///
    /// - Parameters:
    ///   - name: What the head classifies.
    ///   - classes: Classes in all.
    ///   - labels: The true class of each image.
    ///   - answers: The predicted class of each.
    public init(name: String, classes: Int, labels: [Int], answers: [Int]) {
      self.name = name
      var confusion = [[Int]](repeating: [Int](repeating: 0, count: classes), count: classes)
      for (label, answer) in zip(labels, answers) where (0..<classes).contains(label) { confusion[label][answer] += 1 }
      self.confusion = confusion
    }
  }

  /// Images in all.
  public let count: Int
  /// The heads.
  public let heads: [Head]

  /// A report of some heads on the same images.
  public init(count: Int, heads: [Head]) {
    self.count = count
    self.heads = heads
  }
}
