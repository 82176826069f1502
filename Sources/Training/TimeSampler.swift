import Random

/// Draws the training steps of a batch, and the weights that keep the loss's expectation what it was.
///
/// Importance sampling draws a time with a probability in proportion to the root of the mean square of its last ten losses, and
/// uniformly until each time has ten (Nichol and Dhariwal 2021, section 3.3 and their code).
struct TimeSampler {
  /// Losses that are remembered for each time.
  static let depth = 10

  let count: Int
  let sampling: TrainingSettings.TimeSampling
  /// The last losses, `[time][depth]`, and how many there have been of each, bounded so that a Float holds it exactly.
  private var losses: [Float]
  private var counts: [Int]

  init(_ sampling: TrainingSettings.TimeSampling, count: Int) {
    self.count = count
    self.sampling = sampling
    losses = sampling == .importance ? [Float](repeating: 0, count: count * Self.depth) : []
    counts = sampling == .importance ? [Int](repeating: 0, count: count) : []
  }

  /// The probabilities of the times, or nil if all are alike.
  private var probabilities: [Double]? {
    guard sampling == .importance, counts.allSatisfy({ $0 >= Self.depth }) else { return nil }
    let roots = (0..<count).map { time in
      let squares = losses[time * Self.depth..<(time + 1) * Self.depth].reduce(0.0) { $0 + Double($1) * Double($1) }
      return (squares / Double(Self.depth)).squareRoot()
    }
    let sum = roots.reduce(0, +)
    guard sum > 0 else { return nil }
    // A small part stays uniform, so that no time is forgotten.
    return roots.map { 0.999 * $0 / sum + 0.001 / Double(count) }
  }

  /// Times and weights of a batch.
  func draw(_ batch: Int, _ generator: inout SplitMix) -> (times: [Int], weights: [Double]) {
    guard let probabilities else {
      return ((0..<batch).map { _ in Int.random(in: 0..<count, using: &generator) }, .init(repeating: 1, count: batch))
    }
    var cumulated: [Double] = []
    cumulated.reserveCapacity(count)
    var sum = 0.0
    for probability in probabilities {
      sum += probability
      cumulated.append(sum)
    }
    let times = (0..<batch).map { _ in
      let u = generator.uniform() * sum
      var (low, high) = (0, count - 1)
      while low < high {
        let middle = (low + high) / 2
        if cumulated[middle] > u { high = middle } else { low = middle + 1 }
      }
      return low
    }
    return (times, times.map { 1 / (probabilities[$0] * Double(count)) })
  }

  /// Remembers the losses of a batch, before weights.
  mutating func remember(_ batch: [Double], at times: [Int]) {
    guard sampling == .importance else { return }
    for (time, loss) in zip(times, batch) {
      losses[time * Self.depth + counts[time] % Self.depth] = Float(loss)
      counts[time] = Self.bounded(counts[time] + 1)
    }
  }

  /// The state, as a checkpoint holds it.
  var state: [String: [Float]] {
    sampling == .importance ? ["losses": losses, "counts": counts.map { Float($0) }] : [:]
  }

  /// Goes on from a state.
  ///
  /// - Throws: ``TrainingError`` if it does not fit the times or holds what no training leaves; nothing changes then.
  mutating func restore(_ state: [String: [Float]]) throws(TrainingError) {
    guard sampling == .importance else { return }
    let read = { (name: String, expected: Int, isLegal: (Float) -> Bool) throws(TrainingError) -> [Float] in
      guard let values = state[name] else { throw .state(name: name, fault: "is missing") }
      guard values.count == expected else {
        throw .state(name: name, fault: "holds \(values.count) values, not \(expected)")
      }
      if let value = values.first(where: { !isLegal($0) }) {
        throw .state(name: name, fault: "holds \(value), which no training leaves")
      }
      return values
    }
    let losses = try read("losses", count * Self.depth) { $0.isFinite }
    // Beyond 2^24 a Float does not count.
    let counts = try read("counts", count) { 0...16_777_216 ~= $0 && $0 == $0.rounded() }
    self.losses = losses
    self.counts = counts.map { Self.bounded(Int($0)) }
  }

  /// A count that says as much as a larger one: whether there are ten losses, and which is the oldest.
  private static func bounded(_ count: Int) -> Int { count < depth ? count : depth + count % depth }
}
