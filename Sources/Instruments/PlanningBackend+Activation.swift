public import Compute

extension PlanningBackend {
  /// Counts the way in: two operations a value.
  public func enter(_ source: Buffer, scale: Float, shift: Float, into destination: FeatureMap) {
    let shape = destination.shape
    record(
      .enter, .activations(operands: [shape], result: shape), work: 2 * shape.count, reads: 4 * source.count,
      writes: bytes(destination))
  }

  /// Counts the way out.
  public func leave(_ source: FeatureMap, into destination: Buffer) {
    record(
      .leave, .activations(operands: [source.shape], result: source.shape), reads: bytes(source),
      writes: 4 * destination.count)
  }

  /// Counts a function of every value: one operation each.
  public func activate(_ source: FeatureMap, _ function: Nonlinearity, into destination: FeatureMap) {
    var traits: Set<OperationTrait> = [.function(function)]
    if source === destination { traits.insert(.inPlace) }
    record(
      .activate, .activations(operands: [source.shape], result: destination.shape), traits: traits,
      work: source.shape.count, reads: bytes(source), writes: bytes(destination))
  }

  /// Counts a derivative: two operations a value.
  public func activateGradient(
    _ source: FeatureMap, _ function: Nonlinearity, _ gradient: FeatureMap, into destination: FeatureMap
  ) {
    record(
      .activateGradient, .activations(operands: [source.shape], result: destination.shape),
      traits: gradient === destination ? [.function(function), .inPlace] : [.function(function)],
      work: 2 * source.shape.count, reads: bytes(source) + bytes(gradient), writes: bytes(destination))
  }

  /// Counts the rows of a table that are read.
  public func lookUpEmbedding(of table: Parameter, _ indices: [Int], into destination: FeatureMap) {
    _ = note(table)
    let rows = FeatureMapShape(batch: table.shape[0], channels: destination.shape.channels)
    record(
      .lookUpEmbedding, .activations(operands: [rows], result: destination.shape), reads: 4 * destination.shape.count,
      writes: bytes(destination))
  }

  /// Counts a sum of activations: two operations a value of each.
  public func add(
    _ first: FeatureMap, times firstScale: Float, _ second: FeatureMap?, times secondScale: Float,
    into destination: FeatureMap
  ) {
    let sources = [first] + (second.map { [$0] } ?? [])
    record(
      .add, .activations(operands: sources.map(\.shape), result: destination.shape),
      traits: sources.contains { $0 === destination } ? [.inPlace] : [], work: 2 * sources.count * first.shape.count,
      reads: bytes(first) + bytes(second), writes: bytes(destination))
  }

  /// Counts a sum of pixels: one operation a value.
  public func spatialSum(_ source: FeatureMap, into destination: FeatureMap) {
    record(
      .spatialSum, .activations(operands: [source.shape], result: destination.shape), work: source.shape.count,
      reads: bytes(source), writes: bytes(destination))
  }

  /// Counts a dropout: two operations a value.
  public func dropout(
    _ source: FeatureMap, probability: Double, seeds: [UInt64], key: NoiseKey, into destination: FeatureMap
  ) {
    record(
      .dropout, .activations(operands: [source.shape], result: destination.shape),
      traits: source === destination ? [.inPlace] : [], work: 2 * source.shape.count, reads: bytes(source),
      writes: bytes(destination))
  }
}
