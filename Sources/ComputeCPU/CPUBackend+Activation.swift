import CPUKernels
public import Compute

extension CPUBackend {
  /// Transposes to channels-last.
  public func enter(_ source: Buffer, scale: Float, shift: Float, into destination: FeatureMap) {
    let shape = destination.shape
    precondition(source.count == shape.count, "\(source.count) values do not fill \(shape)")
    guard let from = values(source), let to = values(destination) else { return }
    pool.run(
      kernels.enter, images(from, to, shape, scale: scale, shift: shift), count: shape.batch * shape.height)
  }

  /// Transposes to `[batch, channels, height, width]`.
  public func leave(_ source: FeatureMap, into destination: Buffer) {
    let shape = source.shape
    precondition(destination.count == shape.count, "\(shape) does not fill \(destination.count) values")
    guard let from = values(source), let to = values(destination) else { return }
    pool.run(kernels.leave, images(from, to, shape), count: shape.batch * shape.height)
  }

  /// One pass, with polynomial exponentials that err by 2 units in the last place.
  public func activate(_ source: FeatureMap, _ function: Nonlinearity, into destination: FeatureMap) {
    precondition(source.shape == destination.shape, "\(source.shape) is not \(destination.shape)")
    guard let from = values(source), let to = values(destination) else { return }
    var arguments = pointwise(to, count: source.shape.count)
    arguments.sources.0 = UnsafePointer(from)
    arguments.function = function.cValue
    pool.run(kernels.activate, arguments, count: pieces(arguments.count, of: arguments.chunk))
  }

  /// Copies rows.
  public func lookUpEmbedding(of table: Parameter, _ indices: [Int], into destination: FeatureMap) {
    precondition(table.shape.count == 2, "a table has rows and channels, not \(table.shape)")
    let (rows, channels) = (table.shape[0], table.shape[1])
    precondition(
      destination.shape == .init(batch: indices.count, channels: channels),
      "\(indices.count) rows of \(channels) do not fill \(destination.shape)")
    precondition(indices.allSatisfy { (0..<rows).contains($0) }, "indices \(indices) of a table of \(rows) rows")
    guard let from = plainForm(of: table), let to = values(destination) else { return }
    for (place, index) in indices.enumerated() {
      (to + place * channels).update(from: from + index * channels, count: channels)
    }
  }

  /// Arguments of the kernels that move images of a source's shape.
  func images(
    _ source: UnsafePointer<Float>, _ destination: UnsafeMutablePointer<Float>, _ shape: FeatureMapShape,
    scale: Float = 1, shift: Float = 0
  ) -> cpu_images {
    .init(
      source: source, destination: destination, batch: shape.batch, channels: shape.channels, height: shape.height,
      width: shape.width, scale: scale, shift: shift)
  }
}
