// The arguments that conformers may rely on; a mistake stops the program.

extension ResamplingOperations {
  /// Stops the program unless the destination is half of the source.
  package func checkDownsample(_ source: FeatureMap, _ destination: FeatureMap) {
    let (large, small) = (source.shape, destination.shape)
    precondition(
      small.batch == large.batch && small.channels == large.channels && small.height == large.height / 2
        && small.width == large.width / 2, "\(small) is not half of \(large)")
  }

  /// Stops the program unless the destination is twice the source.
  package func checkUpsample(_ source: FeatureMap, _ destination: FeatureMap) {
    let (small, large) = (source.shape, destination.shape)
    precondition(
      small.batch == large.batch && small.channels == large.channels && 2 * small.height == large.height
        && 2 * small.width == large.width, "\(large) is not twice \(small)")
  }

  /// Stops the program unless the destination is another feature map of the source's shape, or of that with a margin.
  ///
  /// - Returns: By how many pixels it is larger on every side: one, none, or minus one.
  package func checkBlur(_ source: FeatureMap, _ destination: FeatureMap) -> Int {
    let (from, to) = (source.shape, destination.shape), margin = (to.height - from.height) / 2
    precondition(source !== destination, "a pixel is read again after its place was written")
    precondition(
      to.batch == from.batch && to.channels == from.channels && to.height == from.height + 2 * margin
        && to.width == from.width + 2 * margin && (-1...1).contains(margin),
      "\(to) is not \(from), nor larger or smaller by a pixel on every side")
    return margin
  }

  /// Stops the program unless the destination has a place for each window.
  package func checkPoolWindows(_ source: FeatureMap, _ shape: PoolingShape, _ destination: FeatureMap) {
    precondition(
      destination.shape == shape.output(for: source.shape),
      "\(destination.shape) is not what \(shape) makes of \(source.shape)")
  }

  /// Stops the program unless the destination has a place for each pixel that is moved apart.
  package func checkDilate(_ source: FeatureMap, by stride: Int, _ destination: FeatureMap) {
    let (small, large) = (source.shape, destination.shape)
    precondition(
      stride > 0 && large.batch == small.batch && large.channels == small.channels
        && large.height > stride * (small.height - 1) && large.width > stride * (small.width - 1),
      "\(small) moved apart by \(stride) does not fit \(large)")
  }
}
