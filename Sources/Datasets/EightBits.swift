/// A value of [-1, 1] as a picture's byte: `round(255 * clamp(x / 2 + 1/2, 0, 1))`, half to even, as diffusers does.
public func pictureByte(of value: Float) -> UInt8 {
  // NaN becomes 0: max takes its first argument then.
  UInt8((255 * min(max(0, value / 2 + 0.5), 1)).rounded(.toNearestOrEven))
}

/// Values as pictures of 8 bits hold them: clamped to [-1, 1] and rounded to the nearest of 256 levels, half to even.
///
/// Samples then measure the same whether they were kept as numbers or as pictures. The values are finite.
public func inEightBits(_ values: [Float]) -> [Float] { values.map { modelValue(pictureByte(of: $0)) } }

/// The rule of ``inEightBits(_:)`` in words, as results and files state it.
public let eightBitRule = "clamped to [-1, 1], rounded to 8 bits"
