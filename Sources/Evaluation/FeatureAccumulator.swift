import HostMath

/// Collects the features of images batch by batch.
public struct FeatureAccumulator {
  private var moments: MomentAccumulator
  /// Features that wait for a block to be full, so that sums do not depend on how they come.
  private var waiting: [Float] = []
  private let total: Int
  private let rowLimit: Int
  private var rows: [Float] = []
  private var count = 0
  private var logits: [[Float]]
  private let questions: [(name: String, classCount: Int)]

  private static let blockRows = 1024

  /// An accumulator of features of `dimension` values.
  ///
  /// - Parameters:
  ///   - dimension: Values of an image's features.
  ///   - count: Images that will come.
  ///   - rowLimit: Images whose features are kept one by one, evenly spread over all since data may lie in order of their classes.
  ///   - questions: What a classifier answers about every image.
  public init(
    dimension: Int, count: Int, rowLimit: Int = .max, questions: [(name: String, classCount: Int)] = []
  ) {
    precondition(count >= 2 && rowLimit >= 0, "a set of at least two images")
    moments = MomentAccumulator(dimension: dimension)
    total = count
    self.rowLimit = min(rowLimit, count)
    self.questions = questions
    logits = .init(repeating: [], count: questions.count)
  }

  /// Adds the features of images, `[images, dimension]`, and for each question the logits about them, `[images, classCount]`.
  public mutating func add(_ features: [Float], logits new: [[Float]] = []) {
    precondition(new.count == questions.count, "\(new.count) lists of logits to \(questions.count) questions")
    let dimension = moments.dimension
    waiting += features
    let full = waiting.count - waiting.count % (Self.blockRows * dimension)
    for start in stride(from: 0, to: full, by: Self.blockRows * dimension) {
      moments.add(Array(waiting[start..<start + Self.blockRows * dimension]))
    }
    waiting.removeFirst(full)
    for start in stride(from: 0, to: features.count, by: dimension) {
      let isKept = (count + 1) * rowLimit / total > count * rowLimit / total
      if isKept { rows += features[start..<start + dimension] }
      count += 1
    }
    precondition(count <= total, "\(count) of \(total) images")
    for (place, list) in new.enumerated() { logits[place] += list }
  }

  /// The set of all images so far; at least two.
  public func set() -> FeatureSet {
    var all = moments
    all.add(waiting)
    return FeatureSet(
      count: count, moments: all.moments(), rows: rows,
      questions: zip(questions, logits).map { .init(name: $0.name, classCount: $0.classCount, logits: $1) })
  }
}
