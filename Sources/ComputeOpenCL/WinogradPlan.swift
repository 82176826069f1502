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
  init(depth: Int, output: FeatureMapShape, parameters: LaunchParameters, computeUnits: Int, budget: Int) {
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
  static func chunk(depth: Int, output: FeatureMapShape, parameters: LaunchParameters, budget: Int) -> Int {
    let bound = min(launchBound, share(of: budget)), rows = parameters.tilePixels
    return min(tiles(output), max(rows, bound / (positions * (depth + output.paddedChannels)) / rows * rows))
  }

  /// The floats of scratch that a budget in bytes has room for beside all else.
  private static func share(of budget: Int) -> Int { budget / 32 / 4 }

  /// Tiles of 4x4 outputs that cover all samples.
  static func tiles(_ output: FeatureMapShape) -> Int { output.batch * output.tiles(height: 4, width: 4) }
}
