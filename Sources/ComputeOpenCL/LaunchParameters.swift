package import Compute

/// The kind of kernels that a device is given.
///
/// `DIFFUSE_OPENCL_TIER=cpu` or `gpu` forces one, so that each can be tested on any device.
package enum KernelTier: String, CaseIterable, Sendable {
  /// One work-item computes with vectors of its own in registers; no local memory, no barriers.
  case cpu
  /// A group of work-items shares tiles in local memory.
  case gpu
}

/// What multiplies the small matrices of fragments.cl.
package enum MatrixUnits: Sendable {
  /// Nothing: kernels multiply value by value.
  case none
  /// Plain OpenCL C of the same layout, on any device: slow, to prove the kernels.
  case emulated
  /// NVIDIA's tensor cores.
  case tensorCores
}

/// The sizes of launches on one device: all that depends on the device, as data.
package struct LaunchParameters: Sendable {
  let tier: KernelTier
  /// `LANES` of common.cl: values that a work-item moves at once.
  let lanes: Int
  /// `PIXELS`, `PRODUCT_ROWS`: rows of a register tile whose columns are `2 * lanes`.
  let rows: Int
  /// `QUERIES` of attention.cl.
  let queries: Int
  /// Neighbouring output channels in a packed filter.
  let filterBlock: Int
  /// `TILE_PIXELS` of convolution.cl.
  let tilePixels = 128
  /// Other tiles of the direct convolution that can be tried.
  let tiles: [ConvolutionTile]
  /// `GROUP_SIZE` of common.cl.
  let groupSize = 64
  /// `STORAGE` of common.cl: how the values of activations lie in memory.
  let storage: Precision
  /// `TENSOR_CORES` of fragments.cl, and whether its kernels are used.
  let matrixUnits: MatrixUnits

  /// The parameters for a tier, a native vector width, a storage of activations and units that multiply them; none in single
  /// precision.
  ///
  /// | device | lanes | rows | registers of the tile |
  /// |---|---|---|---|
  /// | processors with 512-bit vectors | 16 | 8 | 16 of 32 |
  /// | processors with 256-bit vectors | 8 | 6 | 12 of 16 |
  /// | other processors | 4 | 6 | 12 of 16 or 32 |
  /// | all else | 4 | fixed by the kernels | 64 floats a work-item |
  package init(
    tier: KernelTier, nativeVectorWidth: Int, storage: Precision = .float32, matrixUnits: MatrixUnits = .none
  ) {
    self.tier = tier
    self.matrixUnits = storage == .float32 ? .none : matrixUnits
    self.storage = storage
    switch (tier, nativeVectorWidth) {
    case (.gpu, _): (lanes, rows, queries) = (4, 4, 4)
    case (.cpu, 16...): (lanes, rows, queries) = (16, 8, 8)
    case (.cpu, 8...): (lanes, rows, queries) = (8, 6, 4)
    case (.cpu, _): (lanes, rows, queries) = (4, 6, 4)
    }
    let (rows, block) = (self.rows, tier == .cpu ? 2 * lanes : 64)
    filterBlock = block
    // A tile of a group has at most 256 work-items of 8 x 8 outputs, and 25 KB of local memory.
    let sizes =
      tier == .cpu
      ? [2, 4, 6, 8].filter { $0 != rows }.map { ($0, block) }
      : [(256, 64), (128, 128), (64, 128), (64, 64), (256, 32), (128, 32), (64, 32)]
    tiles = sizes.map { .init(pixels: $0.0, channels: $0.1) }
  }

  /// The tile of the direct convolution unless a variant has its own.
  var tile: ConvolutionTile { .init(pixels: tier == .cpu ? rows : tilePixels, channels: filterBlock) }

  /// The macros that set the parameters in the kernels, and the tile of the direct convolution.
  private func macros(_ tile: ConvolutionTile) -> [(name: String, value: Int)] {
    let number =
      switch storage {
      case .float32: 0
      case .float16: 1
      case .bfloat16: 2
      }
    let isOfGroup = tier == .gpu
    return [
      ("LANES", lanes), ("PIXELS", isOfGroup ? rows : tile.pixels), ("PRODUCT_ROWS", rows), ("QUERIES", queries),
      ("TILE_PIXELS", isOfGroup ? tile.pixels : tilePixels), ("TILE_CHANNELS", isOfGroup ? tile.channels : 64),
      ("GROUP_SIZE", groupSize), ("STORAGE", number),
      ("TENSOR_CORES", matrixUnits == .tensorCores ? 1 : 0),
    ]
  }

  /// The compiler's options for a text: the macros that it mentions, so that no other parameter makes it a new program.
  package func options(for text: String, tile: ConvolutionTile? = nil) -> String {
    macros(tile ?? self.tile).filter { text.contains($0.name) }.reduce("-cl-std=CL1.2") {
      "\($0) -D\($1.name)=\($1.value)"
    }
  }
}
