import Compute

/// How a convolution by Winograd's F(4x4, 3x3) is cut on processors, so that its scratch stays small whatever the batch.
struct WinogradPlan {
  /// Products for each tile and pair of channels.
  static let positions = 36
  /// `ROW_GAP` of winograd.cl.
  private static let rowGap = 16
  /// Floats of scratch of a task: 2 MB, most of it in the second-level cache.
  private static let slotBound = 1 << 19
  /// Floats of scratch of a launch elsewhere: 32 MB, within the last-level cache of large graphics processors.
  private static let launchBound = 1 << 23

  /// Tiles of a task.
  let strip: Int
  /// Blocks of output channels of a task.
  let part: Int
  /// Floats of scratch of a task.
  let slot: Int
  /// Tasks that run side by side.
  let slots: Int

  /// The plan of a layer whose operands have `depth` padded channels in all, within a budget of memory in bytes.
  init(depth: Int, output: ActivationShape, parameters: LaunchParameters, computeUnits: Int, budget: Int) {
    let tiles = Self.tiles(output)
    let (rows, block) = (parameters.rows, parameters.filterBlock)
    let blocks = output.channels.dividedUp(by: block)
    func floats(_ strip: Int, _ part: Int) -> Int {
      Self.positions * strip * (depth + part * block + 2 * Self.rowGap)
    }
    // Evenly filled strips of whole register tiles, as long as the bound allows: a long strip reads the filter less often.
    let longest = max(rows, Self.slotBound * rows / floats(rows, blocks) / rows * rows)
    strip = tiles.dividedUp(by: tiles.dividedUp(by: longest)).roundedUp(to: rows)
    let strips = tiles.dividedUp(by: strip)
    part = blocks.dividedUp(by: min(blocks, computeUnits.dividedUp(by: strips)))
    slot = floats(strip, part)
    slots = min(strips * blocks.dividedUp(by: part), computeUnits, max(1, Self.share(of: budget) / slot))
  }

  /// Tiles of a launch where products have kernels of their own, in whole tiles of `convolve_tiled`.
  static func chunk(depth: Int, output: ActivationShape, parameters: LaunchParameters, budget: Int) -> Int {
    let bound = min(launchBound, share(of: budget)), rows = parameters.tilePixels
    return min(tiles(output), max(rows, bound / (positions * (depth + output.paddedChannels)) / rows * rows))
  }

  /// The floats of scratch that a budget in bytes has room for beside all else.
  private static func share(of budget: Int) -> Int { budget / 32 / 4 }

  /// Whether the method is worth its transforms: a property of the layer's shape, not of the batch.
  static func pays(for shape: ConvolutionShape, output: ActivationShape) -> Bool {
    guard shape.kernel == 3, shape.stride == 1, min(shape.inputChannels, shape.outputChannels) >= 32 else {
      return false
    }
    let tiles = tilesPerImage(output)
    // 36 products a tile in place of 9 a pixel; transforms, edges and a filter four times as large have to pay off.
    return tiles >= 4 && 3 * positions * tiles <= 2 * 9 * output.pixels
  }

  /// Tiles of 4x4 outputs that cover all samples.
  static func tiles(_ output: ActivationShape) -> Int { output.batch * tilesPerImage(output) }

  private static func tilesPerImage(_ output: ActivationShape) -> Int {
    output.height.dividedUp(by: 4) * output.width.dividedUp(by: 4)
  }
}

extension OpenCLBackend {
  /// A 3x3 convolution by Winograd's method: in one kernel on processors, in three for each chunk of tiles elsewhere.
  func convolveWinograd(
    _ operand: Operand, _ filter: Parameter, _ shape: ConvolutionShape, _ epilogue: ConvolutionEpilogue,
    _ memories: ConvolutionMemories, _ output: ActivationShape
  ) {
    let input = operand.first.shape
    let depth = input.paddedChannels + (operand.second?.shape.paddedChannels ?? 0)
    guard let weights = transformed(filter, operand, shape) else { return }
    let channels = [input.channels, operand.second?.shape.channels ?? 0]
    let sizes = [input.height, input.width, output.height, output.width]
    let place = [shape.padding.top, shape.padding.left, shape.doublesInput ? 1 : 0]
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
    let numbers = [depth, 0, channels, 1, tiles, 1, tiles, tiles, 1, 1, 0, 0, 0, 0]
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
  private func transformed(_ filter: Parameter, _ operand: Operand, _ shape: ConvolutionShape) -> DeviceMemory? {
    let first = operand.first.shape.channels
    let second = shape.inputChannels - first
    let block = parameters.filterBlock
    return prepared(filter, "winograd filter of \(first) + \(second) by \(block)") { values in
      let count = shape.outputChannels.roundedUp(to: block) * (first.roundedUp(to: 16) + second.roundedUp(to: 16))
      let purpose = "a transformed filter \(filter.shape)"
      guard let raw = upload(values, for: purpose),
        let packed = pool.allocate(WinogradPlan.positions * count, for: purpose)
      else { return nil }
      launch(
        .transformFilter, for: .convolve, items: count / parameters.lanes, .memory(raw.id), .memory(packed.id),
        .int(shape.outputChannels), .int(first), .int(second), .int(block), .int(count))
      return packed
    }
  }
}
