import Compute

extension OpenCLBackend {
  /// A convolution by products of matrices of 16-bit elements.
  func convolveTensorCores(
    _ operand: Operand, _ filter: Filter, _ shape: ConvolutionShape, _ epilogue: ConvolutionEpilogue,
    _ memories: ConvolutionMemories, _ output: FeatureMapShape
  ) {
    guard let weights = fragments(filter, operand, shape) else { return }
    let pixels = output.batch * output.pixels
    queue.launch(
      .convolveTensorCores, for: .convolve,
      groups: [
        output.channels.dividedUp(by: FragmentTile.extent), pixels.dividedUp(by: FragmentTile.extent),
      ], of: [FragmentTile.items, 1],
      memories.operands + [.memory(weights.id)] + memories.epilogue + numbers(operand, shape, epilogue, output))
  }

  /// Attention by products of matrices of 16-bit elements, for heads of a multiple of eight channels.
  func attendTensorCores(_ projections: FeatureMap, heads: Int, into destination: FeatureMap) {
    let shape = destination.shape, size = shape.channels / heads
    guard let x = memory(projections), let out = memory(destination) else { return }
    queue.launch(
      .attendTensorCores, for: .attend,
      groups: [
        shape.pixels.dividedUp(by: AttentionTile.queries), shape.batch * heads,
        size.dividedUp(by: AttentionTile.values),
      ], of: [AttentionTile.items, 1, 1],
      [
        .memory(x.id), .memory(out.id), .int(shape.channels), .int(heads), .int(shape.pixels),
        .float(1 / Float(size).squareRoot()),
      ])
  }

  /// A filter in the order and the precision in which the kernel reads it, split where the operands meet.
  private func fragments(_ filter: Filter, _ operand: Operand, _ shape: ConvolutionShape) -> DeviceMemory? {
    let first = operand.first.shape.channels, second = shape.inputChannels - first
    return prepared(filter, operand, shape, as: ParameterForm.fragments) { values in
      let steps = (first.roundedUp(to: 16) + second.roundedUp(to: 16)).dividedUp(by: FragmentTile.depth)
      let outputs = shape.outputChannels.roundedUp(to: FragmentTile.extent)
      let count = outputs * shape.taps * steps * FragmentTile.depth
      guard
        let packed = pool.allocate(
          count, of: parameters.storage.byteCount, for: "the fragments of a filter \(shape.filterShape)")
      else { return nil }
      launch(
        .packFragments, for: .convolve, items: count, .memory(values.id), .memory(packed.id),
        .int(shape.outputChannels), .int(first), .int(second), .int(shape.taps), .int(steps), .int(count))
      return packed
    }
  }
}
