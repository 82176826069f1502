/// A small random number generator whose stream is a function of a few numbers (Steele, Lea and Flood 2014).
///
/// For choices on the host (orders of images, times, flips) that must be the same after an interruption: a generator is made
/// anew from the seed and the step wherever one is needed, and nothing of it needs to be kept.
public struct SplitMix: RandomNumberGenerator, Sendable {
  private var state: UInt64

  /// The stream of a seed and of numbers that tell streams of one seed apart.
  public init(seed: UInt64, _ stream: UInt64...) {
    state = seed
    for number in stream { state = next() ^ (number &* 0xD1B5_4A32_D192_ED03) }
  }

  /// The next 64 bits.
  public mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// A number in [0, 1), with 53 bits.
  public mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }
}
