import CPUKernels
public import Compute

extension CPUBackend {
  /// Outer products of input and gradient, pixel by pixel, in register tiles; the rows of the result are cut into ranges by
  /// the shape alone, and the ranges' sums are added up in their order.
  public func convolveFilterGradient(
    _ operand: Operand, _ shape: ConvolutionShape, _ gradient: Activation, into destination: Buffer
  ) {
    let input = operand.shape, output = gradient.shape
    precondition(shape.output(for: input) == output, "\(shape) makes no \(output) of \(input)")
    precondition(destination.count == shape.filterCount, "\(destination.count) values are no filter of \(shape)")
    guard let source = values(operand), let from = values(gradient), let to = values(destination) else { return }
    var arguments = cpu_filter_gradient()
    arguments.operand = source
    arguments.destination = to
    (arguments.batch, arguments.height, arguments.width) = (input.batch, input.height, input.width)
    (arguments.output_height, arguments.output_width) = (output.height, output.width)
    if shape.isPointwise {
      // Pixels are all alike: the samples are rows of one image.
      (arguments.batch, arguments.height, arguments.width) = (1, input.batch * input.height, input.width)
      arguments.output_height = arguments.height
    }
    arguments.output_channels = output.channels
    (arguments.kernel, arguments.stride) = (shape.kernel, shape.stride)
    (arguments.top, arguments.left) = (shape.padding.top, shape.padding.left)
    arguments.shift = shape.doublesInput ? 1 : 0
    let panels = pieces(output.channels, of: kernels.panel_width), rows = arguments.batch * arguments.output_height
    // Enough tasks for many threads, each with enough pixels to be worth its sums.
    arguments.pieces = max(1, min(pieces(16, of: panels), rows * output.width / 64))
    // The strip's inputs and gradients fill half of a first-level cache; tiles are loaded and stored once a strip.
    arguments.strip_rows = max(1, pieces(64, of: output.width))
    let lanes = kernels.panel_width / 2, sumCount = panels * arguments.pieces * kernels.panel_width
    arguments.gradient_stride = pieces(output.channels, of: lanes) * lanes
    let sums = CPUStorage(count: sumCount * shape.inputChannels * shape.kernel * shape.kernel, in: memory)
    var padded: CPUStorage?
    arguments.gradient = UnsafePointer(from)
    if arguments.gradient_stride != output.channels {
      let storage = CPUStorage(count: output.batch * output.pixels * arguments.gradient_stride, in: memory)
      guard let values = values(storage) else { return }
      padded = storage
      arguments.unpadded = UnsafePointer(from)
      arguments.padded = values
      arguments.gradient = UnsafePointer(values)
      pool.run(kernels.pad_channels, arguments, count: rows)
    }
    guard let sumValues = values(sums) else { return }
    arguments.sums = sumValues
    withExtendedLifetime((sums, padded)) {
      pool.run(kernels.filter_gradient, arguments, count: panels * arguments.pieces)
      pool.run(kernels.fold_filter_gradient, arguments, count: panels * shape.kernel * shape.kernel)
    }
  }
}
