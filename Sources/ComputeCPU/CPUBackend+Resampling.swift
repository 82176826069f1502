import CPUKernels
public import Compute

extension CPUBackend {
  /// One pass, a row of the result a task.
  public func downsample(_ source: FeatureMap, into destination: FeatureMap) {
    let (large, small) = (source.shape, destination.shape)
    precondition(
      small.batch == large.batch && small.channels == large.channels && small.height == large.height / 2
        && small.width == large.width / 2, "\(small) is not half of \(large)")
    guard let from = values(source), let to = values(destination) else { return }
    pool.run(kernels.halve, images(from, to, large), count: small.batch * small.height)
  }

  /// One pass, a row of the source a task.
  public func upsample(_ source: FeatureMap, into destination: FeatureMap) {
    let (small, large) = (source.shape, destination.shape)
    precondition(
      small.batch == large.batch && small.channels == large.channels && 2 * small.height == large.height
        && 2 * small.width == large.width, "\(large) is not twice \(small)")
    guard let from = values(source), let to = values(destination) else { return }
    pool.run(kernels.double_size, images(from, to, small), count: small.batch * small.height)
  }

  /// One pass, a row of the result a task.
  public func poolWindows(_ source: FeatureMap, _ shape: PoolingShape, into destination: FeatureMap) {
    let (input, output) = (source.shape, destination.shape)
    precondition(output == shape.output(for: input), "\(output) is not what \(shape) makes of \(input)")
    guard let from = values(source), let to = values(destination) else { return }
    let arguments = cpu_pooling(
      images: images(from, to, input), output_height: output.height, output_width: output.width, size: shape.size,
      stride: shape.stride, padding: shape.padding, is_maximum: shape.kind == .maximum)
    pool.run(kernels.pool_windows, arguments, count: output.batch * output.height)
  }
}
