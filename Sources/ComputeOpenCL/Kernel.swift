import COpenCL

/// A file of `Kernels/` besides common.cl and fragments.cl, compiled to a program of its own.
enum KernelFamily: String, CaseIterable {
  case activation, random, pointwise, reduction, matrix, parameters, convolution, winograd, normalization, attention
  case resampling, optimizer, peak
  // Gradients are programs of their own, so that sampling does not wait until they are compiled.
  case convolutionGradient = "convolution_gradient"
  case normalizationGradient = "normalization_gradient"
  case attentionGradient = "attention_gradient"
  // Where there are no tensor cores, nobody waits for what is written for them.
  case attentionTensorCores = "attention_tensor_cores"
  case convolutionTensorCores = "convolution_tensor_cores"

  /// Whether the kernels multiply by the functions of fragments.cl.
  var usesFragments: Bool { self == .attentionTensorCores || self == .convolutionTensorCores }
}

/// A kernel by the name of its function and of its file.
struct Kernel: Hashable {
  let family: KernelFamily
  let name: String
  /// The tile that the program is compiled for, or nil for the device's own.
  private(set) var tile: ConvolutionTile?

  /// The same kernel in a program for another tile.
  func of(_ tile: ConvolutionTile?) -> Kernel {
    var result = self
    result.tile = tile
    return result
  }

  private init(_ family: KernelFamily, _ name: String) {
    self.family = family
    self.name = name
  }

  static let enter = Self(.activation, "enter")
  static let leave = Self(.activation, "leave")
  static let activate = Self(.activation, "activate")
  static let lookUpEmbedding = Self(.activation, "gather_rows")
  static let addFeatureMaps = Self(.activation, "add_activations")
  static let spatialSum = Self(.activation, "sum_pixels")
  static let activateGradient = Self(.activation, "activate_gradient")
  static let fillNormal = Self(.random, "fill_normal")
  static let dropValues = Self(.random, "drop_values")
  static let combine = Self(.pointwise, "combine")
  static let clampValues = Self(.pointwise, "clamp_values")
  static let clampRows = Self(.pointwise, "clamp_rows")
  static let scaleRows = Self(.pointwise, "scale_rows")
  static let selectRows = Self(.pointwise, "select_rows")
  static let scaleByExponential = Self(.pointwise, "scale_by_exponential")
  static let scaleByRoot = Self(.pointwise, "scale_by_root")
  static let sumSquares = Self(.reduction, "sum_squares")
  static let foldSquares = Self(.reduction, "fold_squares")
  static let packColumns = Self(.matrix, "pack_columns")
  static let multiplyPacked = Self(.matrix, "multiply_packed")
  static let multiplyTiled = Self(.matrix, "multiply_tiled")
  static let softmaxRows = Self(.matrix, "softmax_rows")
  static let copyColumns = Self(.parameters, "copy_columns")
  static let mirrorFilter = Self(.parameters, "mirror_filter")
  static let packFilter = Self(.convolution, "pack_filter")
  static let convolveDirect = Self(.convolution, "convolve_direct")
  static let convolveTiled = Self(.convolution, "convolve_tiled")
  static let attendTensorCores = Self(.attentionTensorCores, "attend_tensor_cores")
  static let packFragments = Self(.convolutionTensorCores, "pack_fragments")
  static let convolveTensorCores = Self(.convolutionTensorCores, "convolve_tensor_cores")
  static let filterGradient = Self(.convolutionGradient, "filter_gradient")
  static let foldFilterGradient = Self(.convolutionGradient, "fold_filter_gradient")
  static let transformFilter = Self(.winograd, "transform_filter")
  static let convolveWinograd = Self(.winograd, "convolve_winograd")
  static let transformInput = Self(.winograd, "transform_input")
  static let transformOutput = Self(.winograd, "transform_output")
  static let measureChannels = Self(.normalization, "measure_channels")
  static let foldMoments = Self(.normalization, "fold_moments")
  static let normalizeApply = Self(.normalization, "normalize_apply")
  static let gradientSums = Self(.normalizationGradient, "gradient_sums")
  static let gradientLines = Self(.normalizationGradient, "gradient_lines")
  static let gradientApply = Self(.normalizationGradient, "gradient_apply")
  static let foldSamples = Self(.normalizationGradient, "fold_samples")
  static let splitHeads = Self(.attention, "split_heads")
  static let attendDirect = Self(.attention, "attend_direct")
  static let attendTiled = Self(.attention, "attend_tiled")
  static let attentionWeights = Self(.attentionGradient, "attention_weights")
  static let attentionGradient = Self(.attentionGradient, "attention_gradient")
  static let halve = Self(.resampling, "halve")
  static let repeatPixels = Self(.resampling, "repeat_pixels")
  static let blur = Self(.resampling, "blur")
  static let poolWindows = Self(.resampling, "pool_windows")
  static let spreadPixels = Self(.resampling, "spread_pixels")
  static let adamStep = Self(.optimizer, "adam_step")
  static let addUp = Self(.peak, "add_up")
}

/// One argument of a kernel; the kernel's signature says which it must be.
enum KernelArgument {
  /// A buffer in global memory.
  case memory(cl_mem)
  /// `int`; the value must fit.
  case int(Int)
  /// `uint`
  case word(UInt32)
  /// `ulong`
  case long(Int)
  /// `float`
  case float(Float)

  /// Sets the argument of a place and returns the status.
  func set(_ place: Int, of kernel: cl_kernel) -> Int32 {
    switch self {
    case .memory(let memory): Self.set(memory, place, kernel)
    case .int(let value): Self.set(Int32(value), place, kernel)
    case .word(let value): Self.set(value, place, kernel)
    case .long(let value): Self.set(UInt64(value), place, kernel)
    case .float(let value): Self.set(value, place, kernel)
    }
  }

  private static func set<Value>(_ value: Value, _ place: Int, _ kernel: cl_kernel) -> Int32 {
    withUnsafePointer(to: value) { opencl_SetKernelArg(kernel, cl_uint(place), MemoryLayout<Value>.size, $0) }
  }
}
