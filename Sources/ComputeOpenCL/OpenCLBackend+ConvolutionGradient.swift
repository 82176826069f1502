public import Compute

extension OpenCLBackend {
  /// Outer products in registers, sums of pieces of the batch, then the sum of the pieces.
  public func convolveFilterGradient(
    _ operand: Operand, _ shape: ConvolutionShape, _ gradient: FeatureMap, into destination: Buffer
  ) {
    let input = operand.shape, output = gradient.shape, taps = shape.taps
    checkFilterGradient(operand, shape, gradient, destination)
    let width = 2 * parameters.lanes, panels = output.channels.dividedUp(by: width), rows = 8
    // Enough pieces for every core of a processor, or for a graphics processor's many more; a matter of the sizes alone.
    let wanted = parameters.tier == .gpu ? 64 : 8
    let pieces = max(1, min(output.batch, wanted.dividedUp(by: panels)))
    guard let g = memory(gradient), let out = memory(destination),
      let sums = pool.allocate(pieces * panels * taps * input.channels * width, for: "sums of a filter's gradient")
    else { return }
    var base = 0
    for part in [operand.first, operand.second] {
      guard let part else { continue }
      guard let x = memory(part) else { return }
      let numbers = [
        part.shape.channels, base, input.channels, output.channels, input.height, input.width, output.height,
        output.width, output.batch, taps, shape.kernelWidth, shape.stride, shape.padding.top, shape.padding.left,
        shape.upsamplesInput ? 1 : 0, pieces,
      ]
      queue.launch(
        .filterGradient, for: .convolveFilterGradient,
        groups: [part.shape.channels.dividedUp(by: rows), panels, pieces], of: [1, 1, 1],
        [.memory(x.id), .memory(g.id), .memory(sums.id)] + numbers.map { .int($0) })
      base += part.shape.channels
    }
    launch(
      .foldFilterGradient, for: .convolveFilterGradient, items: shape.filterCount, .memory(sums.id), .memory(out.id),
      .int(input.channels), .int(taps), .int(panels), .int(pieces), .int(shape.filterCount))
  }
}
