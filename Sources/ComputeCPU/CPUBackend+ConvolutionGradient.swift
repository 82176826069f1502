import CPUKernels
public import Compute

extension CPUBackend {
  /// Outer products of input and gradient in register tiles, pixel by pixel, or of transformed tiles by Winograd's method;
  /// the result is cut into ranges by the shape alone, and the ranges' sums are added up in their order.
  public func convolveFilterGradient(
    _ operand: Operand, _ shape: ConvolutionShape, _ gradient: FeatureMap, into destination: Buffer
  ) {
    let input = operand.shape, output = gradient.shape
    checkFilterGradient(operand, shape, gradient, destination)
    guard let source = values(operand), let from = values(gradient), let to = values(destination) else { return }
    if !isExact, shape.suitsWinogradGradient(output: output) {
      sumTiles(source, input, shape, from, output, into: to)
    } else {
      spatialSum(source, input, shape, from, output, into: to)
    }
  }

  /// The direct method.
  private func spatialSum(
    _ source: cpu_operand, _ input: FeatureMapShape, _ shape: ConvolutionShape, _ from: UnsafeMutablePointer<Float>,
    _ output: FeatureMapShape, into to: UnsafeMutablePointer<Float>
  ) {
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
    (arguments.taps, arguments.kernel_width, arguments.stride) = (shape.taps, shape.kernelWidth, shape.stride)
    (arguments.top, arguments.left) = (shape.padding.top, shape.padding.left)
    arguments.shift = shape.upsamplesInput ? 1 : 0
    let panels = pieces(output.channels, of: kernels.panel_width), rows = arguments.batch * arguments.output_height
    // Enough tasks for many threads, each with enough pixels to be worth its sums.
    arguments.pieces = max(1, min(pieces(16, of: panels), rows * output.width / 64))
    // The strip's inputs and gradients fill half of a first-level cache; tiles are loaded and stored once a strip.
    arguments.strip_rows = max(1, pieces(64, of: output.width))
    let lanes = kernels.panel_width / 2, sumCount = panels * arguments.pieces * kernels.panel_width
    arguments.gradient_stride = pieces(output.channels, of: lanes) * lanes
    let sums = CPUStorage(count: sumCount * shape.inputChannels * shape.taps, in: memory)
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
      pool.run(kernels.fold_filter_gradient, arguments, count: panels * shape.taps)
    }
  }

  /// Winograd's method.
  private func sumTiles(
    _ source: cpu_operand, _ input: FeatureMapShape, _ shape: ConvolutionShape, _ from: UnsafeMutablePointer<Float>,
    _ output: FeatureMapShape, into to: UnsafeMutablePointer<Float>
  ) {
    var layer = cpu_convolution()
    layer.operand = source
    (layer.batch, layer.height, layer.width) = (input.batch, input.height, input.width)
    (layer.output_height, layer.output_width, layer.output_channels) = (output.height, output.width, output.channels)
    (layer.top, layer.left) = (shape.padding.top, shape.padding.left)
    layer.shift = shape.upsamplesInput ? 1 : 0
    // A strip's transformed tiles fit the scratch and the second-level cache; 16 tiles or 128 channels are as fast on Zen 4.
    (layer.strip_rows, layer.block_columns) = (32, 64)
    var arguments = cpu_tiled_filter_gradient()
    arguments.gradient = UnsafePointer(from)
    arguments.destination = to
    arguments.block_channels = 128
    let blocks =
      pieces(shape.inputChannels, of: arguments.block_channels) * pieces(output.channels, of: layer.block_columns)
    let tiles = output.batch * output.tiles(height: 4, width: 4)
    arguments.pieces = max(1, min(pieces(16, of: blocks), tiles / 64))
    arguments.convolution = layer
    let panels = pieces(output.channels, of: kernels.panel_width), lines = panels * shape.inputChannels
    let positions = ConvolutionPlan.Method.winograd4x4.positions
    let sums = CPUStorage(count: arguments.pieces * positions * lines * kernels.panel_width, in: memory)
    guard let sumValues = values(sums) else { return }
    arguments.sums = sumValues
    withExtendedLifetime(sums) {
      pool.run(kernels.filter_gradient_4x4, arguments, count: arguments.pieces * blocks)
      pool.run(kernels.fold_filter_gradient_4x4, arguments, count: lines)
    }
  }
}

extension ConvolutionShape {
  /// Whether the filter's gradient is to be summed over transformed tiles: as many as make 36 sums for nine worth it.
  fileprivate func suitsWinogradGradient(output: FeatureMapShape) -> Bool {
    suitsWinograd(output: output) && output.batch * output.tiles(height: 4, width: 4) >= 64
  }
}
