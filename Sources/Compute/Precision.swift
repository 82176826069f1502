/// The arithmetic of a network's products on an opened device; exact buffers stay in 32 bits and sums are made in 32 bits.
public enum Precision: String, Sendable, Hashable, CaseIterable, Codable {
  /// IEEE single precision, 24 significant bits.
  case float32
  /// The upper half of single precision: its range, with 8 significant bits.
  case bfloat16

  /// The largest relative error of rounding a value: 2^-p with p significant bits.
  public var unitRoundoff: Double {
    switch self {
    case .float32: 0x1p-24
    case .bfloat16: 0x1p-8
    }
  }
}
