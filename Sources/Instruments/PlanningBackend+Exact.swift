public import Compute

extension PlanningBackend {
  /// Counts noise: five operations a value.
  public func fillNormal(_ destination: Buffer, seeds: [UInt64], key: NoiseKey) {
    let count = destination.count
    record(
      .fillNormal, .rows(count: seeds.count, length: count / seeds.count), work: 5 * count, reads: 0, writes: 4 * count)
  }

  /// Counts a linear combination: two operations a value and term.
  public func combine(_ terms: [Term], into destination: Buffer) {
    let count = destination.count
    record(
      .combine, .values(count: count, sources: terms.count),
      traits: terms.contains { $0.buffer === destination } ? [.inPlace] : [], work: 2 * terms.count * count,
      reads: 4 * terms.count * count, writes: 4 * count)
  }

  /// Counts a limit: two operations a value.
  public func clamp(_ source: Buffer, lower: Float, upper: Float, into destination: Buffer) {
    let count = source.count
    record(
      .clamp, .values(count: count, sources: 1), traits: source === destination ? [.inPlace] : [], work: 2 * count,
      reads: 4 * count, writes: 4 * count)
  }

  /// Counts a limit by row: three operations a value.
  public func clampRows(_ source: Buffer, limits: Buffer, into destination: Buffer) {
    recordRows(.clampRows, source, limits, into: destination, work: 3)
  }

  /// Counts a factor by row: one operation a value.
  public func scaleRows(_ source: Buffer, by factors: Buffer, into destination: Buffer) {
    recordRows(.scaleRows, source, factors, into: destination, work: 1)
  }

  /// Counts a copy of rows.
  public func selectRows(_ source: Buffer, _ indices: [Int], into destination: Buffer) {
    let count = destination.count
    record(
      .selectRows, .rows(count: indices.count, length: count / indices.count), reads: 4 * (count + indices.count),
      writes: 4 * count)
  }

  /// Counts a factor by value: four operations a value, the function being one.
  public func scaleByFunction(
    _ source: Buffer, of argument: Buffer, _ rule: ScalingFunction, into destination: Buffer
  ) {
    let count = source.count
    var traits: Set<OperationTrait> = [.scalesBy(rule.kind)]
    if source === destination || argument === destination { traits.insert(.inPlace) }
    record(
      .scaleByFunction, .values(count: count, sources: 2), traits: traits, work: 4 * count, reads: 8 * count,
      writes: 4 * count)
  }

  /// Counts a softmax: seven operations a value.
  public func softmaxRows(
    _ source: Buffer, columns: Int, scale: Float, offsets: Buffer?, into destination: Buffer
  ) {
    let count = source.count
    var traits: Set<OperationTrait> = source === destination ? [.inPlace] : []
    if offsets != nil { traits.insert(.offsets) }
    record(
      .softmaxRows, .rows(count: count / columns, length: columns), traits: traits, work: 7 * count,
      reads: 4 * (count + (offsets?.count ?? 0)), writes: 4 * count)
  }

  /// Counts a product: `2 * rows * columns * inner` operations.
  public func multiplyMatrices(
    _ product: MatrixProduct, alpha: Float, _ a: Buffer, _ b: Buffer, beta: Float, into c: Buffer
  ) {
    record(
      .multiplyMatrices, .product(product), traits: beta == 0 ? [] : [.addsToDestination],
      work: 2 * product.rows * product.columns * product.inner,
      reads: 4 * (a.count + b.count + (beta == 0 ? 0 : c.count)), writes: 4 * c.count)
  }

  private func recordRows(
    _ operation: OperationKind, _ source: Buffer, _ vector: Buffer, into destination: Buffer, work: Int
  ) {
    let count = source.count
    record(
      operation, .rows(count: vector.count, length: count / vector.count),
      traits: source === destination ? [.inPlace] : [], work: work * count, reads: 4 * (count + vector.count),
      writes: 4 * count)
  }
}
