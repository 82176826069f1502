public import Compute

extension OpenCLBackend: ResamplingOperations {
  /// Halves height and width by the mean of each 2x2 block.
  public func downsample(_ source: FeatureMap, into destination: FeatureMap) {
    checkDownsample(source, destination)
    resample(.halve, .downsample, source, destination)
  }

  /// Doubles height and width by repeating each pixel.
  public func upsample(_ source: FeatureMap, into destination: FeatureMap) {
    checkUpsample(source, destination)
    resample(.repeatPixels, .upsample, source, destination)
  }

  /// One pass.
  public func blur(_ source: FeatureMap, into destination: FeatureMap) {
    let margin = checkBlur(source, destination)
    guard let x = memory(source), let out = memory(destination) else { return }
    let vectors = vectors(of: destination.shape)
    launch(
      .blur, for: .blur, items: vectors, .memory(x.id), .memory(out.id), .int(source.shape.channels),
      .int(source.shape.height), .int(source.shape.width), .int(margin), .int(vectors))
  }

  /// The largest value or the mean of each window, one pass.
  public func poolWindows(_ source: FeatureMap, _ shape: PoolingShape, into destination: FeatureMap) {
    let (input, output) = (source.shape, destination.shape)
    checkPoolWindows(source, shape, destination)
    guard let x = memory(source), let out = memory(destination) else { return }
    let vectors = vectors(of: output)
    let numbers = [
      input.channels, input.height, input.width, output.height, output.width, shape.size, shape.stride, shape.padding,
      shape.kind == .maximum ? 1 : 0, vectors,
    ]
    launch(
      .poolWindows, for: .poolWindows, items: vectors, [.memory(x.id), .memory(out.id)] + numbers.map { .int($0) })
  }

  /// One pass over the destination.
  public func dilate(_ source: FeatureMap, by stride: Int, into destination: FeatureMap) {
    let (small, large) = (source.shape, destination.shape)
    checkDilate(source, by: stride, destination)
    guard let x = memory(source), let out = memory(destination) else { return }
    let vectors = vectors(of: large)
    launch(
      .spreadPixels, for: .dilate, items: vectors, .memory(x.id), .memory(out.id), .int(small.channels),
      .int(small.height), .int(small.width), .int(stride), .int(large.height), .int(large.width), .int(vectors))
  }

  private func resample(_ kernel: Kernel, _ operation: OperationKind, _ source: FeatureMap, _ destination: FeatureMap) {
    guard let x = memory(source), let out = memory(destination) else { return }
    let vectors = vectors(of: destination.shape)
    launch(
      kernel, for: operation, items: vectors, .memory(x.id), .memory(out.id), .int(source.shape.channels),
      .int(source.shape.height), .int(source.shape.width), .int(vectors))
  }
}
