/// How right a classifier is about labelled images.
public struct ClassificationReport: Sendable, Hashable, Codable {
  /// The answers of one head.
  public struct Head: Sendable, Hashable, Codable {
    /// What the head classifies, such as `digit`.
    public let name: String
    /// Images by true class (rows) and answer (columns).
    public let confusion: [[Int]]

    /// The part of right answers.
    public var accuracy: Double {
      let right = confusion.indices.reduce(0) { $0 + confusion[$1][$1] }
      return Double(right) / Double(max(1, confusion.reduce(0) { $0 + $1.reduce(0, +) }))
    }

    /// Counts labels and answers; labels past the last class count nowhere.
    ///
    /// - Parameters:
    ///   - name: What the head classifies.
    ///   - classes: Classes in all.
    ///   - labels: The true class of each image.
    ///   - answers: What the classifier says of each.
    public init(name: String, classes: Int, labels: [Int], answers: [Int]) {
      self.name = name
      var confusion = [[Int]](repeating: [Int](repeating: 0, count: classes), count: classes)
      for (label, answer) in zip(labels, answers) where label < classes { confusion[label][answer] += 1 }
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
