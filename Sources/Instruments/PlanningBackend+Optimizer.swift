public import Compute

extension PlanningBackend {
  /// Counts a sum of squares: two operations a value.
  public func sumSquares(_ source: Buffer, into destination: Buffer) {
    record(
      .sumSquares, .rows(count: destination.count, length: source.count / destination.count), work: 2 * source.count,
      reads: 4 * source.count, writes: 4 * destination.count)
  }

  /// Counts a step: sixteen operations a value.
  public func adamStep(_ step: AdamStep, gradient: Buffer, _ state: AdamState) {
    let count = gradient.count
    record(
      .adamStep, .values(count: count, sources: 5), traits: [.inPlace], work: 16 * count, reads: 20 * count,
      writes: 16 * count)
  }
}
