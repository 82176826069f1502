import Compute

extension OpenCLBackend {
  /// A 3x3 convolution by Winograd's method: in one kernel on processors, in three for each chunk of tiles elsewhere.
  func convolveWinograd(
    _ operand: Operand, _ filter: Filter, _ shape: ConvolutionShape, _ epilogue: ConvolutionEpilogue,
    _ memories: ConvolutionMemories, _ output: FeatureMapShape
  ) {
    let input = operand.first.shape
    let depth = input.paddedChannels + (operand.second?.shape.paddedChannels ?? 0)
    guard let weights = transformed(filter, operand, shape) else { return }
    let channels = [input.channels, operand.second?.shape.channels ?? 0]
    let sizes = [input.height, input.width, output.height, output.width]
    let place = [shape.padding.top, shape.padding.left, shape.upsamplesInput ? 1 : 0]
    let tiles = WinogradPlan.tiles(output)
    if parameters.tier == .cpu {
      let plan = WinogradPlan(
        depth: depth, output: output, parameters: parameters, computeUnits: device.computeUnits, budget: memoryBudget)
      guard let scratch = scratch(plan.slots * plan.slot) else { return }
      let numbers = channels + [output.channels] + sizes + [tiles] + place + [epilogue.features, plan.strip, plan.part]
      queue.launch(
        .convolveWinograd, for: .convolve, groups: [plan.slots], of: [1],
        memories.operands + [.memory(weights.id), .memory(memories.zeros.id)] + memories.epilogue
          + [.memory(scratch.id)] + numbers.map { .int($0) } + [.long(plan.slot), .float(epilogue.scale)])
      return
    }
    let chunk = WinogradPlan.chunk(depth: depth, output: output, parameters: parameters, budget: memoryBudget)
    guard let v = scratch(WinogradPlan.positions * chunk * depth),
      let m = scratch(WinogradPlan.positions * chunk * output.paddedChannels)
    else { return }
    for first in stride(from: 0, to: tiles, by: chunk) {
      let count = min(chunk, tiles - first)
      launch(
        .transformInput, for: .convolve, items: count * depth / parameters.lanes,
        memories.operands + [.memory(memories.zeros.id), .memory(v.id)]
          + (channels + sizes + [first, count] + place).map { .int($0) })
      multiplyPositions(v, weights, m, depth: depth, channels: output.channels, tiles: count)
      launch(
        .transformOutput, for: .convolve, items: count * output.paddedChannels / parameters.lanes,
        [.memory(m.id)] + memories.epilogue
          + ([output.channels, output.height, output.width, first, count, epilogue.features]).map { .int($0) }
          + [.float(epilogue.scale)])
    }
  }

  /// The products of all positions, as convolutions with a 1x1 filter of an image of one row of tiles.
  private func multiplyPositions(
    _ v: DeviceMemory, _ weights: DeviceMemory, _ m: DeviceMemory, depth: Int, channels: Int, tiles: Int
  ) {
    let memories = [v, v, weights, v, v, v, v, m]
    let numbers = [depth, 0, channels, 1, tiles, 1, tiles, tiles, 1, 1, 1, 0, 0, 0, 0]
    let blocks = channels.dividedUp(by: parameters.filterBlock)
    launchTiled(
      blocks: blocks, pixels: tiles, positions: WinogradPlan.positions,
      steps: (tiles * depth, blocks * parameters.filterBlock * depth, tiles * channels.roundedUp(to: 16)),
      memories.map { .memory($0.id) } + numbers.map { .int($0) } + [.float(1)])
  }

  /// Memory for the length of a call, of few sizes so that layers share it.
  private func scratch(_ count: Int) -> DeviceMemory? {
    var size = 1 << 14
    while size < count { size *= 2 }
    return pool.allocate(size, for: "scratch of a convolution")
  }

  /// A filter transformed, in the order in which the kernels read it, split where the operands meet.
  private func transformed(_ filter: Filter, _ operand: Operand, _ shape: ConvolutionShape) -> DeviceMemory? {
    let first = operand.first.shape.channels, second = shape.inputChannels - first, block = parameters.filterBlock
    return prepared(filter, operand, shape, as: ParameterForm.transformedFilter) { values in
      let count = shape.outputChannels.roundedUp(to: block) * (first.roundedUp(to: 16) + second.roundedUp(to: 16))
      let positions = WinogradPlan.positions
      guard let packed = pool.allocate(positions * count, for: "a transformed filter \(shape.filterShape)") else {
        return nil
      }
      launch(
        .transformFilter, for: .convolve, items: count / parameters.lanes, .memory(values.id), .memory(packed.id),
        .int(shape.outputChannels), .int(first), .int(second), .int(block), .int(count))
      return packed
    }
  }
}
