import CPUKernels
package import Compute

/// How a convolution is done: its method, which depends on the layer's shape only, and how its work is cut.
package struct ConvolutionPlan {
  /// The ways to convolve, by the form of the filter that each reads.
  package enum Method: String {
    /// Products of gathered strips.
    case gathered
    /// The same, with a 2x2 filter for each pixel of a doubled image's 2x2 blocks.
    case phases
    /// Winograd's minimal filtering F(4x4, 3x3).
    case winograd
  }

  package let method: Method
  /// Output pixels, or tiles, of a task.
  let stripRows: Int
  /// Tasks in that direction, those of one phase.
  let strips: Int
  /// Output channels of a task.
  let blockColumns: Int
  /// Tasks in all.
  let tasks: Int

  /// Bytes of scratch of a task: gathered or transformed rows of a fixed length, and their products.
  package func scratchBytes(rowStride: Int) -> Int {
    (method == .winograd ? 36 : 1) * stripRows * (rowStride + blockColumns) * MemoryLayout<Float>.stride
  }

  package init(_ shape: ConvolutionShape, output: ActivationShape, panelWidth: Int, threads: Int) {
    method = Self.method(for: shape, output: output)
    let phases = method == .phases ? 4 : 1
    let rows = method == .winograd ? output.batch * Self.tiles(output) : output.batch * output.pixels / phases
    // Measured on Zen 4: 84 rows are six register tiles; 16 Winograd tiles of 256 channels fill the second-level cache.
    var stripRows = method == .winograd ? 16 : 84
    stripRows = pieces(rows, of: pieces(rows, of: stripRows))
    let strips = pieces(rows, of: stripRows)
    // Wide blocks gather less often, narrow ones keep all threads busy to the end.
    var columns = min(pieces(output.channels, of: panelWidth) * panelWidth, 256)
    let isSmall = rows * shape.filterCount < 100_000
    let wanted = isSmall || threads == 1 ? 1 : 4 * threads
    while phases * strips * pieces(output.channels, of: columns) < wanted && columns > panelWidth {
      columns = pieces(columns / 2, of: panelWidth) * panelWidth
    }
    self.stripRows = stripRows
    self.strips = strips
    blockColumns = columns
    tasks = phases * strips * pieces(output.channels, of: columns)
  }

  /// Tiles of 4x4 outputs that cover an image.
  private static func tiles(_ output: ActivationShape) -> Int {
    pieces(output.height, of: 4) * pieces(output.width, of: 4)
  }

  private static func method(for shape: ConvolutionShape, output: ActivationShape) -> Method {
    guard shape.kernel == 3, shape.stride == 1 else { return .gathered }
    // 36 products a tile in place of 9 a pixel; transforms, edges and a filter four times as large have to pay off.
    let isWorthwhile = shape.inputChannels >= 32 && shape.outputChannels >= 32 && tiles(output) >= 4
    if isWorthwhile && 36 * tiles(output) * 3 <= 2 * 9 * output.pixels { return .winograd }
    return shape.doublesInput && shape.padding == .all(1) ? .phases : .gathered
  }
}

extension ConvolutionPlan.Method {
  /// Values of a packed filter.
  func formCount(_ shape: ConvolutionShape, panelWidth: Int) -> Int {
    let columns = pieces(shape.outputChannels, of: panelWidth) * panelWidth * shape.inputChannels
    return switch self {
    case .gathered: columns * shape.kernel * shape.kernel
    case .phases: columns * 16
    case .winograd: columns * 36
    }
  }

  /// The four 2x2 filters `[phase][output, input, 2, 2]` of a 3x3 filter that reads a doubled image: taps that fall on the
  /// same pixel are added up.
  static func phaseFilters(_ filter: [Float], _ shape: ConvolutionShape) -> [Float] {
    let pairs = shape.outputChannels * shape.inputChannels
    var result = [Float](repeating: 0, count: 16 * pairs)
    for phase in 0..<4 {
      for pair in 0..<pairs {
        for tap in 0..<9 {
          // Of an even pixel's three taps the last two fall together, of an odd one's the first two.
          let row = (tap / 3 + 1 - phase / 2) / 2, column = (tap % 3 + 1 - phase % 2) / 2
          result[(phase * pairs + pair) * 4 + row * 2 + column] += filter[pair * 9 + tap]
        }
      }
    }
    return result
  }
}
