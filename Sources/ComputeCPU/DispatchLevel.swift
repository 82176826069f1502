import CPUKernels
import Compute

/// The instruction sets that kernels exist for.
package enum DispatchLevel: String, CaseIterable {
  case portable
  case avx2
  case avx512
  case avx512bf16

  /// The highest level that this processor has.
  package static var best: Self {
    switch cpu_best_level() {
    case CPU_AVX512_BFLOAT16: .avx512bf16
    case CPU_AVX512: .avx512
    case CPU_AVX2: .avx2
    default: .portable
    }
  }

  /// The level that the environment asks for by `DIFFUSE_CPU`, else the best.
  static func chosen(_ environment: (String) -> String?, device: String) throws(DeviceError) -> Self {
    guard let name = environment("DIFFUSE_CPU"), !name.isEmpty else { return best }
    guard let level = Self(rawValue: name) else {
      let names = allCases.map(\.rawValue).joined(separator: ", ")
      throw DeviceError(.unavailable, device: device, message: "DIFFUSE_CPU=\(name) is none of \(names)")
    }
    guard level.cValue.rawValue <= best.cValue.rawValue else {
      throw DeviceError(
        .unavailable, device: device, message: "DIFFUSE_CPU=\(name): this processor has \(best.rawValue) at most")
    }
    return level
  }

  /// The levels that this processor has.
  package static var available: [Self] { allCases.filter { $0.cValue.rawValue <= best.cValue.rawValue } }

  /// The kernels of the level.
  var kernels: cpu_kernels { cpu_kernels_for(cValue).pointee }

  private var cValue: cpu_level {
    switch self {
    case .portable: CPU_PORTABLE
    case .avx2: CPU_AVX2
    case .avx512: CPU_AVX512
    case .avx512bf16: CPU_AVX512_BFLOAT16
    }
  }
}
