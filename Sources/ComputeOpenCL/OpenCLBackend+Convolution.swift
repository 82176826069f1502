public import Compute

extension OpenCLBackend: ConvolutionOperations {
  /// A convolution with its epilogue in one kernel, without scratch memory.
  public func convolve(
    _ operand: Operand, _ filter: Parameter, _ shape: ConvolutionShape, _ epilogue: ConvolutionEpilogue,
    into destination: Activation
  ) {
    check(operand, filter, shape, epilogue, destination)
    guard let first = memory(operand.first), let second = memory(operand.second ?? operand.first),
      let out = memory(destination), let weights = packed(filter, operand, shape),
      let zeros = zeros(max(operand.first.shape.paddedChannels, operand.second?.shape.paddedChannels ?? 0)),
      let bias = epilogue.bias.map({ vector($0) }) ?? zeros,
      let offset = epilogue.channelOffset.map({ memory($0) }) ?? zeros,
      let residual = epilogue.residual.map({ memory($0) }) ?? zeros
    else { return }
    let features =
      (epilogue.bias == nil ? 0 : 1) + (epilogue.channelOffset == nil ? 0 : 2) + (epilogue.residual == nil ? 0 : 4)
    let input = operand.first.shape
    let output = destination.shape
    let pixels = output.batch * output.pixels
    let memories = [first, second, weights, zeros, bias, offset, residual, out]
    let numbers = [
      input.channels, operand.second?.shape.channels ?? 0, output.channels, input.height, input.width, output.height,
      output.width, pixels, shape.kernel, shape.stride, shape.padding.top, shape.padding.left,
      shape.doublesInput ? 1 : 0, features,
    ]
    let arguments: [KernelArgument] =
      memories.map { .memory($0.id) } + numbers.map { .int($0) } + [.float(epilogue.scale)]
    let blocks = output.channels.dividedUp(by: parameters.filterBlock)
    if parameters.tier == .gpu {
      let tilePixels = parameters.tilePixels
      queue.launch(
        .convolveTiled, for: .convolve, groups: [blocks, pixels.dividedUp(by: tilePixels)],
        of: [parameters.filterBlock / 8, tilePixels / 8], arguments)
    } else {
      queue.launch(
        .convolveDirect, for: .convolve, groups: [pixels.dividedUp(by: parameters.rows), blocks], of: [1, 1],
        arguments)
    }
  }

  /// Products of gathered tiles, from a filter whose channels are padded.
  public func method(of shape: ConvolutionShape, output: ActivationShape) -> ConvolutionMethod {
    let taps = shape.kernel * shape.kernel, inputs = shape.inputChannels.roundedUp(to: 16) + 16
    let outputs = shape.outputChannels.roundedUp(to: parameters.filterBlock)
    return .init(name: "direct", filterBytes: 4 * taps * inputs * outputs)
  }

  /// A filter in the order in which the kernels read it, split where the operands meet.
  private func packed(_ filter: Parameter, _ operand: Operand, _ shape: ConvolutionShape) -> DeviceMemory? {
    let first = operand.first.shape.channels
    let second = shape.inputChannels - first
    let block = parameters.filterBlock
    return prepared(filter, "filter \(shape.kernel) of \(first) + \(second) by \(block)") { values in
      let taps = shape.kernel * shape.kernel
      let depth = first.roundedUp(to: 16) + second.roundedUp(to: 16)
      let count = shape.outputChannels.roundedUp(to: block) * taps * depth
      let purpose = "a filter \(filter.shape)"
      guard let raw = upload(values, for: purpose), let packed = pool.allocate(count, for: purpose) else { return nil }
      launch(
        .packFilter, for: .convolve, items: count, .memory(raw.id), .memory(packed.id), .int(shape.outputChannels),
        .int(first), .int(second), .int(taps), .int(block), .int(count))
      return packed
    }
  }

  private func check(
    _ operand: Operand, _ filter: Parameter, _ shape: ConvolutionShape, _ epilogue: ConvolutionEpilogue,
    _ destination: Activation
  ) {
    let output = destination.shape
    precondition(filter.count == shape.filterCount, "a filter \(filter.shape) is not one of \(shape)")
    precondition(shape.output(for: operand.shape) == output, "\(operand.shape) does not become \(output) by \(shape)")
    precondition(operand.first !== destination && operand.second !== destination, "the destination is an operand")
    if let bias = epilogue.bias {
      precondition(bias.count == output.channels, "\(bias.count) addends for \(output.channels) channels")
    }
    if let offset = epilogue.channelOffset {
      precondition(
        offset.shape == ActivationShape(batch: output.batch, channels: output.channels),
        "the channel offset \(offset.shape) does not fit \(output)")
    }
    if let residual = epilogue.residual {
      precondition(residual.shape == output, "the residual \(residual.shape) does not fit \(output)")
    }
  }
}
