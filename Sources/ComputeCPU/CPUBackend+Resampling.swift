import CPUKernels
public import Compute

extension CPUBackend {
  /// One pass, a row of the result a task.
  public func downsample(_ source: FeatureMap, into destination: FeatureMap) {
    let (large, small) = (source.shape, destination.shape)
    checkDownsample(source, destination)
    guard let from = values(source), let to = values(destination) else { return }
    pool.run(kernels.halve, images(from, to, large), count: small.batch * small.height)
  }

  /// One pass, a row of the source a task.
  public func upsample(_ source: FeatureMap, into destination: FeatureMap) {
    checkUpsample(source, destination)
    let small = source.shape
    guard let from = values(source), let to = values(destination) else { return }
    pool.run(kernels.double_size, images(from, to, small), count: small.batch * small.height)
  }

  /// One pass, a row of the result a task.
  public func blur(_ source: FeatureMap, into destination: FeatureMap) {
    let margin = checkBlur(source, destination)
    guard let from = values(source), let to = values(destination) else { return }
    pool.run(
      kernels.blur, cpu_blur(images: images(from, to, source.shape), margin: margin),
      count: destination.shape.batch * destination.shape.height)
  }

  /// One pass, a row of the result a task.
  public func poolWindows(_ source: FeatureMap, _ shape: PoolingShape, into destination: FeatureMap) {
    let (input, output) = (source.shape, destination.shape)
    checkPoolWindows(source, shape, destination)
    guard let from = values(source), let to = values(destination) else { return }
    let arguments = cpu_pooling(
      images: images(from, to, input), output_height: output.height, output_width: output.width, size: shape.size,
      stride: shape.stride, padding: shape.padding, is_maximum: shape.kind == .maximum)
    pool.run(kernels.pool_windows, arguments, count: output.batch * output.height)
  }

  /// One pass, a row of the result a task.
  public func dilate(_ source: FeatureMap, by stride: Int, into destination: FeatureMap) {
    let (small, large) = (source.shape, destination.shape)
    checkDilate(source, by: stride, destination)
    guard let from = values(source), let to = values(destination) else { return }
    let arguments = cpu_spread(
      source: from, destination: to, channels: small.channels, height: small.height, width: small.width,
      stride: stride, output_height: large.height, output_width: large.width)
    pool.run(kernels.spread, arguments, count: large.batch * large.height)
  }
}
