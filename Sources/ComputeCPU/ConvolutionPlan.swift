import CPUKernels
package import Compute

/// How a convolution is done: its method, which depends on the layer's shape and the device only, and how its work is cut.
package struct ConvolutionPlan {
  /// The ways to convolve.
  package enum Method: String, CaseIterable {
    /// Products of gathered strips: the direct method.
    case gathered
    /// Sums over vectors of input channels for each of a few output channels, where products would leave panels empty.
    case thin
    /// Products of gathered strips, with a 2x2 filter for each pixel of a doubled image's 2x2 blocks.
    case phases
    /// Winograd's minimal filtering F(4x4, 3x3), of 32-bit values.
    case winograd4x4 = "winograd 4x4"
    /// The same for maps of few tiles, the filter transformed as it is multiplied: reading a transformed one, four times as
    /// large, would take longer than the products.
    case winograd4x4Passing = "winograd 4x4 in passing"
    /// Winograd's minimal filtering F(2x4, 3x3) of bfloat16 pairs, whose 8 significant bits can bear its errors.
    case winograd2x4 = "winograd 2x4"
  }

  package let method: Method
  /// The form of the factors of products.
  let word: cpu_word
  /// Output pixels, or tiles, of a task.
  let stripRows: Int
  /// Tasks in that direction, those of one phase.
  let strips: Int
  /// Output channels of a task.
  let blockColumns: Int
  /// Tasks in all.
  let tasks: Int

  /// Bytes of scratch of a task: gathered or transformed rows of a fixed length, their products, and what is transformed of
  /// the filter.
  package func scratchBytes(rowStride: Int, panelWidth: Int) -> Int {
    let passing = method == .winograd4x4Passing ? 36 * Int(CPU_PASSING_DEPTH) * panelWidth : 0
    let apart = method.positions > 1 ? method.positions * rowStride : 0
    return (method.positions * stripRows * (rowStride + blockColumns) + apart + passing) * MemoryLayout<Float>.stride
  }

  /// The plan of a layer.
  ///
  /// - Parameters:
  ///   - shape: The layer.
  ///   - output: The shape of its result.
  ///   - precision: The arithmetic of products.
  ///   - isExact: Whether only the direct method will do.
  ///   - panelWidth: Columns of a packed panel.
  ///   - threads: Threads that share the tasks.
  package init(
    _ shape: ConvolutionShape, output: FeatureMapShape, precision: Precision = .float32, isExact: Bool = false,
    panelWidth: Int, threads: Int
  ) {
    method = isExact ? .gathered : Self.method(for: shape, output: output, precision)
    word = precision == .bfloat16 ? CPU_PAIRS : CPU_FLOATS
    let phases = method == .phases ? 4 : 1
    let rows =
      output.batch * (method.tile.map { output.tiles(height: $0.height, width: $0.width) } ?? output.pixels / phases)
    let stripRows = pieces(rows, of: pieces(rows, of: method.stripRows))
    let strips = pieces(rows, of: stripRows)
    // Wide blocks gather less often, narrow ones keep all threads busy to the end.
    var columns = min(pieces(output.channels, of: panelWidth) * panelWidth, method.blockColumns)
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

  private static func method(
    for shape: ConvolutionShape, output: FeatureMapShape, _ precision: Precision
  ) -> Method {
    let isThin =
      shape.outputChannels <= Int(CPU_THIN) && 8...Int(CPU_THIN_DEPTH) ~= shape.inputChannels && precision != .bfloat16
    if isThin { return .thin }
    guard shape.suitsWinograd(output: output) else {
      let hasPhases = shape.isSquare(3) && shape.stride == 1 && shape.upsamplesInput && shape.padding == .all(1)
      return hasPhases ? .phases : .gathered
    }
    if precision == .bfloat16 { return .winograd2x4 }
    let tiles = output.tiles(height: 4, width: 4)
    // A transformed filter of 36 values has to be worth its memory and the time to read it.
    let formBytes = 36 * 4 * shape.inputChannels * shape.outputChannels
    return tiles < 16 || tiles < 256 && formBytes > 10_000_000 ? .winograd4x4Passing : .winograd4x4
  }
}

extension ConvolutionPlan.Method {
  /// The outputs of a tile, if it works on tiles.
  var tile: (height: Int, width: Int)? {
    switch self {
    case .gathered, .thin, .phases: nil
    case .winograd4x4, .winograd4x4Passing: (4, 4)
    case .winograd2x4: (2, 4)
    }
  }

  /// Products of a tile in place of one for each output and tap.
  var positions: Int { tile.map { ($0.height + 2) * ($0.width + 2) } ?? 1 }

  /// Output pixels, or tiles, of a task, at most.
  ///
  /// 84 rows, measured on Zen 4, are six register tiles, or fourteen. 24 transformed tiles, measured on Zen 3, are two or four,
  /// and those of 64 channels and their products fill its second-level cache.
  var stripRows: Int {
    switch self {
    case .gathered, .thin, .phases: 84
    case .winograd4x4: 24
    case .winograd4x4Passing, .winograd2x4: 28
    }
  }

  /// Output channels of a task, at most.
  var blockColumns: Int { self == .winograd4x4Passing ? 128 : 256 }

  /// The task that convolves.
  func task(_ kernels: cpu_kernels, _ word: cpu_word) -> KernelTask? {
    switch self {
    case .gathered, .phases: word == CPU_PAIRS ? kernels.convolve.1 : kernels.convolve.0
    case .thin: kernels.convolve_thin
    case .winograd4x4: kernels.convolve_4x4
    case .winograd4x4Passing: kernels.convolve_4x4_passing
    case .winograd2x4: kernels.convolve_2x4
    }
  }
}
