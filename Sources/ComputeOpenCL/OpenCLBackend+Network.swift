public import Compute

extension OpenCLBackend: AttentionOperations {
  /// Attention without the matrix of scores; scratch memory of four times the destination, heads padded.
  public func attend(_ projections: FeatureMap, heads: Int, into destination: FeatureMap) {
    let shape = destination.shape
    precondition(
      projections.shape == shape.with(channels: 3 * shape.channels), "\(projections.shape) is not three of \(shape)")
    precondition(heads > 0 && shape.channels.isMultiple(of: heads), "\(heads) heads do not divide \(shape)")
    let size = shape.channels / heads
    let (tokenPitch, headPitch) = (shape.pixels.roundedUp(to: 64), size.roundedUp(to: 32))
    let count = shape.batch * heads * tokenPitch * headPitch
    let scratch = (0..<4).compactMap { _ in pool.allocate(count, for: "attention over \(shape)") }
    guard let x = memory(projections), let out = memory(destination), scratch.count == 4 else { return }
    let sizes: [KernelArgument] = [
      .int(shape.channels), .int(heads), .int(shape.pixels), .int(tokenPitch), .int(headPitch),
    ]
    let parts: [KernelArgument] = scratch.map { .memory($0.id) }
    launch(
      .splitHeads, for: .attend, items: count / (16 * parameters.lanes),
      [.memory(x.id)] + parts[..<3] + sizes + [.long(count)])
    let arguments = parts + [.memory(out.id)] + sizes + [.float(1 / Float(size).squareRoot())]
    let rows = shape.batch * heads
    if parameters.tier == .gpu {
      queue.launch(.attendTiled, for: .attend, groups: [shape.pixels.dividedUp(by: 16), rows], of: [64, 1], arguments)
    } else {
      queue.launch(
        .attendDirect, for: .attend, groups: [shape.pixels.dividedUp(by: parameters.queries), rows], of: [1, 1],
        arguments)
    }
  }
}

extension OpenCLBackend: ResamplingOperations {
  /// Halves height and width by the mean of each 2x2 block.
  public func downsample(_ source: FeatureMap, into destination: FeatureMap) {
    let (input, output) = (source.shape, destination.shape)
    precondition(
      output.with(channels: 1)
        == FeatureMapShape(batch: input.batch, channels: 1, height: input.height / 2, width: input.width / 2)
        && output.channels == input.channels, "\(output) is not half of \(input)")
    resample(.halve, .downsample, source, destination)
  }

  /// Doubles height and width by repeating each pixel.
  public func upsample(_ source: FeatureMap, into destination: FeatureMap) {
    let (input, output) = (source.shape, destination.shape)
    precondition(
      output
        == FeatureMapShape(
          batch: input.batch, channels: input.channels, height: 2 * input.height, width: 2 * input.width),
      "\(output) is not twice \(input)")
    resample(.repeatPixels, .upsample, source, destination)
  }

  /// The largest value or the mean of each window, one pass.
  public func poolWindows(_ source: FeatureMap, _ shape: PoolingShape, into destination: FeatureMap) {
    let (input, output) = (source.shape, destination.shape)
    precondition(output == shape.output(for: input), "\(output) is not what \(shape) makes of \(input)")
    guard let x = memory(source), let out = memory(destination) else { return }
    let vectors = vectors(of: output)
    let numbers = [
      input.channels, input.height, input.width, output.height, output.width, shape.size, shape.stride, shape.padding,
      shape.kind == .maximum ? 1 : 0, vectors,
    ]
    launch(
      .poolWindows, for: .poolWindows, items: vectors, [.memory(x.id), .memory(out.id)] + numbers.map { .int($0) })
  }

  private func resample(_ kernel: Kernel, _ operation: OperationKind, _ source: FeatureMap, _ destination: FeatureMap) {
    guard let x = memory(source), let out = memory(destination) else { return }
    let vectors = vectors(of: destination.shape)
    launch(
      kernel, for: operation, items: vectors, .memory(x.id), .memory(out.id), .int(source.shape.channels),
      .int(source.shape.height), .int(source.shape.width), .int(vectors))
  }
}
