public import Compute

extension OpenCLBackend: ConvolutionOperations {
  /// A convolution by Winograd's method where that pays off, else by the direct one; the epilogue costs no pass of its own.
  ///
  /// Winograd's scratch is bounded: see `WinogradPlan`. The direct method takes none.
  public func convolve(
    _ operand: Operand, _ filter: Filter, _ shape: ConvolutionShape, _ epilogue: ConvolutionEpilogue,
    into destination: FeatureMap
  ) {
    checkConvolve(operand, filter, shape, epilogue, destination)
    let output = destination.shape
    guard let memories = memories(operand, epilogue, destination) else { return }
    let variant = variant(for: shape, output), tile = variant.tile ?? parameters.tile
    switch variant.kind {
    case .winograd:
      convolveWinograd(operand, filter, shape, epilogue, memories, output)
      return
    case .tensorCores:
      convolveTensorCores(operand, filter, shape, epilogue, memories, output)
      return
    case .tiled, .direct: break
    }
    guard let weights = packed(filter, operand, shape, block: tile.channels) else { return }
    let pixels = output.batch * output.pixels
    let arguments: [KernelArgument] =
      memories.operands + [.memory(weights.id), .memory(memories.zeros.id)] + memories.epilogue
      + numbers(operand, shape, epilogue, output)
    let blocks = output.channels.dividedUp(by: tile.channels)
    if variant.kind == .tiled {
      launchTiled(blocks: blocks, pixels: pixels, tile: variant.tile, arguments)
    } else {
      queue.launch(
        .convolveDirect.of(variant.tile), for: .convolve, groups: [pixels.dividedUp(by: tile.pixels), blocks],
        of: [1, 1], arguments)
    }
  }

  /// Sizes, place of the window, features and scale, as the kernels that go through the taps take them.
  func numbers(
    _ operand: Operand, _ shape: ConvolutionShape, _ epilogue: ConvolutionEpilogue, _ output: FeatureMapShape
  ) -> [KernelArgument] {
    let input = operand.first.shape
    let numbers = [
      input.channels, operand.second?.shape.channels ?? 0, output.channels, input.height, input.width, output.height,
      output.width, output.batch * output.pixels, shape.taps, shape.kernelWidth, shape.stride, shape.padding.top,
      shape.padding.left, shape.upsamplesInput ? 1 : 0, epilogue.features,
    ]
    return numbers.map { .int($0) } + [.float(epilogue.scale)]
  }

  /// The variant that a layer takes; channels are padded.
  public func method(of shape: ConvolutionShape, output: FeatureMapShape) -> ConvolutionMethod {
    let inputs = shape.inputChannels.roundedUp(to: 16) + 16
    let variant = variant(for: shape, output)
    let outputs = shape.outputChannels.roundedUp(to: (variant.tile ?? parameters.tile).channels)
    let filterBytes =
      switch variant.kind {
      case .winograd: 4 * WinogradPlan.positions * inputs * outputs
      case .tiled, .direct: 4 * shape.taps * inputs * outputs
      case .tensorCores:
        parameters.storage.byteCount * shape.taps * inputs.roundedUp(to: FragmentTile.depth)
          * shape.outputChannels.roundedUp(to: FragmentTile.extent)
      }
    return .init(name: variant.name, filterBytes: filterBytes)
  }

  /// The variant of a layer: the one that was found best by measuring, else the device's own choice.
  private func variant(for shape: ConvolutionShape, _ output: FeatureMapShape) -> ConvolutionVariant {
    let layer = ConvolutionLayer(shape, output: output)
    if let choice = choices[layer] { return choice }
    let all = variants(shape, output), asked = tuning.variants.isEmpty ? nil : tuning[layer]
    let choice = all.first { $0.name == asked } ?? all[0]
    choices[layer] = choice
    return choice
  }

  /// The variants that compute a layer; the last kind of each device computes every one.
  private func variants(_ shape: ConvolutionShape, _ output: FeatureMapShape) -> [ConvolutionVariant] {
    ConvolutionVariant.all(parameters, isExact: options.isExact).filter { $0.supports(shape, output) }
  }

  /// Enqueues `convolve_tiled` as many times side by side as there are positions, with so many floats from one to the next.
  func launchTiled(
    blocks: Int, pixels: Int, tile: ConvolutionTile? = nil, positions: Int = 1,
    steps: (input: Int, filter: Int, output: Int) = (0, 0, 0),
    _ arguments: [KernelArgument]
  ) {
    let extent = tile ?? parameters.tile
    queue.launch(
      .convolveTiled.of(tile), for: .convolve, groups: [blocks, pixels.dividedUp(by: extent.pixels), positions],
      of: [extent.channels / 8, extent.pixels / 8, 1],
      arguments + [.long(steps.input), .long(steps.filter), .long(steps.output)])
  }

  /// The memory of everything but the filter; zeros stand in for what is not there.
  private func memories(
    _ operand: Operand, _ epilogue: ConvolutionEpilogue, _ destination: FeatureMap
  ) -> ConvolutionMemories? {
    guard let first = memory(operand.first), let second = memory(operand.second ?? operand.first),
      let out = memory(destination),
      let zeros = zeros(max(operand.first.shape.paddedChannels, operand.second?.shape.paddedChannels ?? 0)),
      let bias = epilogue.bias.map({ vector($0) }) ?? zeros,
      let offset = epilogue.channelOffset.map({ memory($0) }) ?? zeros,
      let residual = epilogue.residual.map({ memory($0) }) ?? zeros
    else { return nil }
    return .init(
      operands: [.memory(first.id), .memory(second.id)],
      epilogue: [.memory(bias.id), .memory(offset.id), .memory(residual.id), .memory(out.id)], zeros: zeros,
      holds: [first, second, bias, offset, residual, out])
  }

  /// A filter in the order in which the kernels read it, split where the operands meet.
  private func packed(
    _ filter: Filter, _ operand: Operand, _ shape: ConvolutionShape, block: Int
  ) -> DeviceMemory? {
    let first = operand.first.shape.channels, second = shape.inputChannels - first
    return prepared(filter, operand, shape, block: block, as: ParameterForm.packedFilter) { values in
      let depth = first.roundedUp(to: 16) + second.roundedUp(to: 16)
      let count = shape.outputChannels.roundedUp(to: block) * shape.taps * depth
      guard let packed = pool.allocate(count, for: "a filter \(shape.filterShape)") else { return nil }
      launch(
        .packFilter, for: .convolve, items: count, .memory(values.id), .memory(packed.id), .int(shape.outputChannels),
        .int(first), .int(second), .int(shape.taps), .int(block), .int(count))
      return packed
    }
  }
}

extension OpenCLBackend: TunableConvolutions {
  /// The variants by their names.
  public func variants(of layer: ConvolutionLayer) -> [String] {
    variants(layer.shape, layer.output(batch: 1)).map(\.name)
  }

  /// The device with its driver, the tier of kernels and the storage of feature maps.
  public var tuningKey: [String] {
    [device.name, device.driver, queue.device.platform, parameters.tier.rawValue, parameters.storage.rawValue]
  }
}

/// What a convolution reads and writes, in the order of the kernels' arguments.
struct ConvolutionMemories {
  /// One operand or both; the first again if there is one.
  let operands: [KernelArgument]
  /// Bias, channel offset, residual and the destination.
  let epilogue: [KernelArgument]
  let zeros: DeviceMemory
  /// Keeps all of it alive.
  let holds: [DeviceMemory]
}

extension ConvolutionEpilogue {
  /// What there is to add: the features of common.cl.
  var features: Int { (bias == nil ? 0 : 1) + (channelOffset == nil ? 0 : 2) + (residual == nil ? 0 : 4) }
}
