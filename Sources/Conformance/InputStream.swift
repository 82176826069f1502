import Foundation

/// How the inputs of a case are distributed.
enum Distribution: Sendable {
  /// Normals of a mean and a standard deviation.
  case normal(mean: Double = 0, deviation: Double = 1)
  /// Uniform between two bounds.
  case uniform(Double, Double)
}

/// The inputs of cases as a function of (seed, stream, place), the same on every machine.
///
/// SplitMix64 (Steele, Lea and Flood 2014): a bijective mixing of a counter that advances by the golden ratio. It is on
/// purpose not the generator that backends implement.
struct InputStream {
  private let start: UInt64

  /// The stream of a number, of a seed.
  init(seed: UInt64, stream: UInt64) {
    start = Self.mixed(seed &* 0x9E37_79B9_7F4A_7C15 ^ Self.mixed(stream &+ 1))
  }

  private static func mixed(_ value: UInt64) -> UInt64 {
    var z = value
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// A number in 0 ..< 1.
  func unit(_ place: Int) -> Double {
    let bits = Self.mixed(start &+ UInt64(place + 1) &* 0x9E37_79B9_7F4A_7C15)
    return Double(bits >> 11) * 0x1p-53
  }

  /// The first `count` values of a distribution.
  func values(_ count: Int, _ distribution: Distribution) -> [Float] {
    (0..<count).map { place in
      switch distribution {
      case .uniform(let lower, let upper):
        return Float(lower + (upper - lower) * unit(place))
      case .normal(let mean, let deviation):
        let radius = (-2 * log(1 - unit(2 * place))).squareRoot()
        return Float(mean + deviation * radius * cos(2 * .pi * unit(2 * place + 1)))
      }
    }
  }
}
