/// Conversions between 32-bit floating point and what files store, little-endian and not aligned.
enum FloatConversion {
  /// Converts the elements of `bytes` to 32 bits.
  static func read(
    _ bytes: UnsafeRawBufferPointer, as type: SafetensorsType, into destination: UnsafeMutableBufferPointer<Float>
  ) {
    switch type {
    case .float32:
      UnsafeMutableRawBufferPointer(destination).copyMemory(from: bytes)
    case .float64:
      for index in destination.indices {
        let bits = bytes.loadUnaligned(fromByteOffset: 8 * index, as: UInt64.self)
        destination[index] = Float(Double(bitPattern: UInt64(littleEndian: bits)))
      }
    case .float16:
      for index in destination.indices {
        let bits = bytes.loadUnaligned(fromByteOffset: 2 * index, as: UInt16.self)
        destination[index] = Float(half: UInt16(littleEndian: bits))
      }
    case .bfloat16:
      for index in destination.indices {
        let bits = bytes.loadUnaligned(fromByteOffset: 2 * index, as: UInt16.self)
        destination[index] = Float(bitPattern: UInt32(UInt16(littleEndian: bits)) << 16)
      }
    default:
      preconditionFailure("\(type.rawValue) is no floating-point type")
    }
  }

  /// The value of the bits of one element.
  static func float(_ bits: UInt64, of type: SafetensorsType) -> Float {
    switch type {
    case .float32: Float(bitPattern: UInt32(truncatingIfNeeded: bits))
    case .float64: Float(Double(bitPattern: bits))
    case .float16: Float(half: UInt16(truncatingIfNeeded: bits))
    case .bfloat16: Float(bitPattern: UInt32(truncatingIfNeeded: bits) << 16)
    default: preconditionFailure("\(type.rawValue) is no floating-point type")
    }
  }
}

extension Float {
  /// The value of the 16 bits of an IEEE 754 half.
  ///
  /// Integer arithmetic, because the standard library's `Float16` is not there on every platform that Swift runs on.
  public init(half bits: UInt16) {
    let sign = UInt32(bits & 0x8000) << 16
    let exponent = UInt32(bits >> 10) & 0x1F
    let fraction = UInt32(bits & 0x3FF)
    switch exponent {
    case 0:
      self = Float(bitPattern: sign | (Float(fraction) * 0x1p-24).bitPattern)
    case 31:
      self = Float(bitPattern: sign | 0x7F80_0000 | fraction << 13)
    default:
      self = Float(bitPattern: sign | (exponent + 112) << 23 | fraction << 13)
    }
  }

  /// The 16 bits of the nearest IEEE 754 half, ties to even.
  public var halfBits: UInt16 {
    let sign = UInt16(bitPattern >> 16) & 0x8000
    let magnitude = Float(bitPattern: bitPattern & 0x7FFF_FFFF)
    if magnitude.isNaN { return sign | 0x7E00 }
    if magnitude >= 65520 { return sign | 0x7C00 }
    if magnitude < 0x1p-14 {
      // Below the normal range the spacing is 2^-24: adding 2^-1 leaves exactly those digits, rounded to even.
      return sign | UInt16((magnitude + 0.5).bitPattern - Float(0.5).bitPattern)
    }
    let bits = magnitude.bitPattern
    let rounded = bits + 0xFFF + (bits >> 13 & 1)
    return sign | UInt16((rounded >> 13) - (112 << 10))
  }

  /// The upper 16 bits of the nearest number that has no lower ones, ties to even.
  public var brainBits: UInt16 {
    if isNaN { return UInt16(bitPattern >> 16) | 0x40 }
    return UInt16((bitPattern + 0x7FFF + (bitPattern >> 16 & 1)) >> 16)
  }
}
