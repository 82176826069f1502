import Compute

/// How a convolution by Winograd's F(4x4, 3x3) is cut, so that its scratch stays small whatever the batch.
struct WinogradPlan {
  /// Products for each tile and pair of channels.
  static let positions = 36
  /// `ROW_GAP` and `POSITION_GAP` of winograd.cl.
  private static let (rowGap, positionGap) = (16, 16)
  /// Scratch in floats: of one work-item on processors (2 MB, most of it in the second-level cache), of a launch elsewhere
  /// (32 MB, within the last-level cache of large graphics processors, and never more than a 32nd of the budget).
  private static let (slotBound, launchBound) = (1 << 19, 1 << 23)

  /// Tiles of a task, on processors, or of a launch.
  let strip: Int
  /// Blocks of output channels of a task.
  let part: Int
  /// Tasks in all, or launches.
  let tasks: Int
  /// Floats of scratch of a task, or of the transformed input of a launch.
  let slot: Int
  /// Tasks that run side by side.
  let slots: Int

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

  /// The plan of a layer whose operands have `depth` padded channels in all.
  init(depth: Int, output: ActivationShape, parameters: LaunchParameters, computeUnits: Int, budget: Int) {
    let tiles = Self.tiles(output)
    // In floats of four bytes.
    let share = budget / 32 / 4
    guard parameters.tier == .cpu else {
      let width = depth + output.paddedChannels
      let bound = min(Self.launchBound, share)
      let fitting = max(1, bound / (Self.positions * width) / parameters.tilePixels) * parameters.tilePixels
      let launches = tiles.dividedUp(by: fitting)
      (strip, part, tasks) = (min(tiles, fitting), output.channels.dividedUp(by: parameters.filterBlock), launches)
      (slot, slots) = (Self.positions * strip * depth, 1)
      return
    }
    let (rows, block) = (parameters.rows, parameters.filterBlock)
    let blocks = output.channels.dividedUp(by: block)
    func floats(_ strip: Int, _ part: Int) -> Int {
      Self.positions * (strip * (depth + part * block + 2 * Self.rowGap) + 2 * Self.positionGap)
    }
    // Evenly filled strips of whole register tiles, as long as the bound allows: a long strip reads the filter less often.
    let longest = max(rows, Self.slotBound * rows / floats(rows, blocks) / rows * rows)
    let strips = tiles.dividedUp(by: longest)
    let strip = tiles.dividedUp(by: strips).roundedUp(to: rows)
    let parts = min(blocks, computeUnits.dividedUp(by: tiles.dividedUp(by: strip)))
    self.strip = strip
    part = blocks.dividedUp(by: parts)
    tasks = tiles.dividedUp(by: strip) * blocks.dividedUp(by: part)
    slot = floats(strip, part)
    slots = min(tasks, computeUnits, max(1, share / slot))
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
    let plan = WinogradPlan(
      depth: depth, output: output, parameters: parameters, computeUnits: device.computeUnits, budget: memoryBudget)
    guard let weights = transformed(filter, operand, shape), let scratch = scratch(plan.slots * plan.slot) else {
      return
    }
    let channels = [input.channels, operand.second?.shape.channels ?? 0]
    let sizes = [input.height, input.width, output.height, output.width]
    let place = [shape.padding.top, shape.padding.left, shape.doublesInput ? 1 : 0]
    let tiles = WinogradPlan.tiles(output)
    if parameters.tier == .cpu {
      let numbers = channels + [output.channels] + sizes + [tiles] + place + [epilogue.features, plan.strip, plan.part]
      queue.launch(
        .convolveWinograd, for: .convolve, groups: [plan.slots], of: [1],
        memories.operands + [.memory(weights.id), .memory(memories.zeros.id)] + memories.epilogue
          + [.memory(scratch.id)] + numbers.map { .int($0) } + [.long(plan.slot), .float(epilogue.scale)])
      return
    }
    guard let products = self.scratch(WinogradPlan.positions * plan.strip * output.paddedChannels) else { return }
    for first in stride(from: 0, to: tiles, by: plan.strip) {
      let count = min(plan.strip, tiles - first)
      let chunk = [first, count]
      launch(
        .transformInput, for: .convolve, items: count * depth / parameters.lanes,
        memories.operands + [.memory(memories.zeros.id), .memory(scratch.id)]
          + (channels + sizes + chunk + place).map { .int($0) })
      multiplyPositions(scratch, weights, products, depth: depth, channels: output.channels, tiles: count)
      launch(
        .transformOutput, for: .convolve, items: count * output.paddedChannels / parameters.lanes,
        [.memory(products.id)] + memories.epilogue
          + ([output.channels, output.height, output.width] + chunk + [epilogue.features]).map { .int($0) }
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
