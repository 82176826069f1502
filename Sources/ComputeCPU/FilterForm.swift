import CPUKernels
import Compute

/// The form of a filter that convolutions read; equal ones are made once.
struct FilterForm: Hashable, Sendable {
  /// The ways to pack.
  enum Packing: Hashable, Sendable {
    case taps, thin, phases, positions4x4, positions2x4
  }

  let packing: Packing
  /// Whether words are pairs of bfloat16 values.
  let hasPairs: Bool
  let arrangement: Filter.Arrangement

  init(_ method: ConvolutionPlan.Method, _ word: cpu_word, _ arrangement: Filter.Arrangement) {
    packing =
      switch method {
      case .gathered, .winograd4x4Passing: .taps
      case .thin: .thin
      case .phases: .phases
      case .winograd4x4: .positions4x4
      case .winograd2x4: .positions2x4
      }
    hasPairs = word == CPU_PAIRS
    self.arrangement = arrangement
  }

  /// 32-bit words in all.
  func count(_ shape: ConvolutionShape, panelWidth: Int) -> Int {
    let columns = pieces(shape.outputChannels, of: panelWidth) * panelWidth, perWord = hasPairs ? 2 : 1
    return switch packing {
    case .taps: columns * pieces(shape.inputChannels * shape.taps, of: perWord)
    case .thin: shape.outputChannels * shape.inputChannels * shape.taps
    case .phases: columns * 4 * pieces(shape.inputChannels * 4, of: perWord)
    case .positions4x4: columns * 36 * pieces(shape.inputChannels, of: perWord)
    case .positions2x4: columns * 24 * pieces(shape.inputChannels, of: perWord)
    }
  }

  /// Packs the values of a filter, which are arranged already.
  func pack(
    _ filter: UnsafeBufferPointer<Float>, into packed: UnsafeMutablePointer<Float>, _ shape: ConvolutionShape,
    _ kernels: cpu_kernels,
    _ pool: ThreadPool
  ) {
    func run(
      _ task: KernelTask?, _ filter: UnsafePointer<Float>?, _ packed: UnsafeMutablePointer<Float>, taps: Int
    ) {
      let arguments = cpu_packing(
        source: filter, packed: packed, outputs: shape.outputChannels, channels: shape.inputChannels, taps: taps)
      pool.run(task, arguments, count: pieces(shape.outputChannels, of: kernels.panel_width))
    }
    let packTaps = hasPairs ? kernels.pack_filter.1 : kernels.pack_filter.0
    switch packing {
    case .taps: run(packTaps, filter.baseAddress, packed, taps: shape.taps)
    case .thin: run(kernels.pack_thin, filter.baseAddress, packed, taps: shape.taps)
    case .positions4x4: run(kernels.pack_4x4, filter.baseAddress, packed, taps: 9)
    case .positions2x4: run(kernels.pack_2x4, filter.baseAddress, packed, taps: 9)
    case .phases:
      let filters = Self.phaseFilters(filter, shape), size = filters.count / 4
      let step = count(shape, panelWidth: kernels.panel_width) / 4
      filters.withUnsafeBufferPointer { filters in
        for phase in 0..<4 {
          run(packTaps, filters.baseAddress.map { $0 + phase * size }, packed + phase * step, taps: 4)
        }
      }
    }
  }

  /// The four 2x2 filters `[phase][output, input, 2, 2]` of a 3x3 filter that reads a doubled image: taps that fall on the
  /// same pixel are added up.
  private static func phaseFilters(_ filter: UnsafeBufferPointer<Float>, _ shape: ConvolutionShape) -> [Float] {
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
