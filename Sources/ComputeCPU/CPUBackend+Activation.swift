import CPUKernels
public import Compute

extension CPUBackend {
  /// Transposes to channels-last.
  public func enter(_ source: Buffer, scale: Float, shift: Float, into destination: FeatureMap) {
    let shape = destination.shape
    checkEnter(source, destination)
    guard let from = values(source), let to = values(destination) else { return }
    pool.run(
      kernels.enter, images(from, to, shape, scale: scale, shift: shift), count: shape.batch * shape.height)
  }

  /// Transposes to `[batch, channels, height, width]`.
  public func leave(_ source: FeatureMap, into destination: Buffer) {
    let shape = source.shape
    checkLeave(source, destination)
    guard let from = values(source), let to = values(destination) else { return }
    pool.run(kernels.leave, images(from, to, shape), count: shape.batch * shape.height)
  }

  /// One pass, with polynomial exponentials that err by 2 units in the last place.
  public func activate(_ source: FeatureMap, _ function: Nonlinearity, into destination: FeatureMap) {
    checkActivate(source, destination)
    guard let from = values(source), let to = values(destination) else { return }
    var arguments = pointwise(to, count: source.shape.count)
    arguments.sources.0 = UnsafePointer(from)
    arguments.function = function.cValue
    pool.run(kernels.activate, arguments, count: pieces(arguments.count, of: arguments.chunk))
  }

  /// Copies rows.
  public func lookUpEmbedding(of table: Parameter, _ indices: [Int], into destination: FeatureMap) {
    checkLookUpEmbedding(of: table, indices, destination)
    let channels = table.shape[1]
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

  /// One pass.
  public func add(
    _ first: FeatureMap, times firstScale: Float, _ second: FeatureMap?, times secondScale: Float,
    into destination: FeatureMap
  ) {
    checkAdd(first, second, destination)
    guard let from = values(first), let to = values(destination) else { return }
    var arguments = pointwise(to, count: first.shape.count)
    arguments.terms = 1
    arguments.sources.0 = UnsafePointer(from)
    arguments.coefficients.0 = firstScale
    if let second {
      guard let other = values(second) else { return }
      arguments.terms = 2
      arguments.sources.1 = UnsafePointer(other)
      arguments.coefficients.1 = secondScale
    }
    pool.run(kernels.combine, arguments, count: pieces(arguments.count, of: arguments.chunk))
  }

  /// One pass, a sample a task.
  public func spatialSum(_ source: FeatureMap, into destination: FeatureMap) {
    let shape = source.shape
    checkSpatialSum(source, destination)
    guard let from = values(source), let to = values(destination) else { return }
    pool.run(kernels.sum_pixels, images(from, to, shape), count: shape.batch)
  }

  /// One pass, with the exponentials of ``activate(_:_:into:)``.
  public func activateGradient(
    _ source: FeatureMap, _ function: Nonlinearity, _ gradient: FeatureMap, into destination: FeatureMap
  ) {
    checkActivateGradient(source, gradient, destination)
    guard let x = values(source), let g = values(gradient), let to = values(destination) else { return }
    var arguments = pointwise(to, count: source.shape.count)
    arguments.sources.0 = UnsafePointer(x)
    arguments.sources.1 = UnsafePointer(g)
    arguments.function = function.cValue
    pool.run(kernels.activate_gradient, arguments, count: pieces(arguments.count, of: arguments.chunk))
  }

  /// One pass; values lie in memory in the order of their words.
  public func dropout(
    _ source: FeatureMap, probability: Double, seeds: [UInt64], key: NoiseKey, into destination: FeatureMap
  ) {
    let shape = source.shape
    let rule = DropoutRule(
      probability: probability, shape: shape, destination: destination.shape, seeds: seeds.count)
    guard let from = values(source), let to = values(destination) else { return }
    let length = shape.channels * shape.pixels, chunk = 4096
    seeds.withUnsafeBufferPointer { seeds in
      let rows = cpu_rows(
        source: from, destination: to, seeds: seeds.baseAddress, row_length: length, chunk: chunk,
        chunks: pieces(length, of: chunk), step: key.step, draw: key.draw)
      let arguments = cpu_dropout(random: rows, threshold: rule.threshold, scale: rule.scale)
      pool.run(kernels.dropout, arguments, count: shape.batch * rows.chunks)
    }
  }
}
