/// The arithmetic of a network's products on an opened device, and how a backend stores feature maps; exact buffers stay in
/// 32 bits and sums are made in 32 bits.
public enum Precision: String, Sendable, Hashable, CaseIterable, Codable {
  /// IEEE single precision, 24 significant bits.
  case float32
  /// IEEE half precision, 11 significant bits; the largest value is 65,504.
  case float16
  /// The upper half of single precision: its range, with 8 significant bits.
  case bfloat16

  /// The largest relative error of rounding a value: 2^-p with p significant bits.
  public var unitRoundoff: Double {
    switch self {
    case .float32: 0x1p-24
    case .float16: 0x1p-11
    case .bfloat16: 0x1p-8
    }
  }

  /// The bytes of a value.
  public var byteCount: Int { self == .float32 ? 4 : 2 }

  /// The nearest value of the precision, ties to even; NaN stays NaN, and what is too large becomes infinite.
  public func rounded(_ value: Float) -> Float {
    switch self {
    case .float32: return value
    case .float16: return Float(Float16(value))
    case .bfloat16:
      guard value.isFinite else { return value }
      let bits = value.bitPattern
      return Float(bitPattern: (bits + 0x7FFF + (bits >> 16 & 1)) & 0xFFFF_0000)
    }
  }
}
