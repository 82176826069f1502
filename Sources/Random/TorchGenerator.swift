import Foundation

/// PyTorch's random numbers on the CPU, bit for bit: what `torch.manual_seed(seed)` makes `rand` and `randn` return.
///
/// The 32-bit Mersenne twister (Matsumoto and Nishimura 1998), seeded by the low half of the seed. The numbers are those of
/// `torch.float32` on x86 processors with AVX2 or AVX-512; PyTorch's code without vectors differs in the last
/// places.
public struct TorchGenerator: Sendable {
  private var state: [UInt32]
  private var position = 624
  /// The second of a pair of normals whose first was asked for alone.
  private var spareNormal: Double?

  /// A generator in the state after `torch.manual_seed(seed)`.
  public init(seed: UInt64) {
    state = [UInt32](repeating: 0, count: 624)
    state[0] = UInt32(truncatingIfNeeded: seed)
    for i in 1..<624 {
      state[i] = 1_812_433_253 &* (state[i - 1] ^ (state[i - 1] >> 30)) &+ UInt32(i)
    }
  }

  /// The twister's next word.
  public mutating func nextWord() -> UInt32 {
    if position == 624 { twist() }
    var word = state[position]
    position += 1
    word ^= word >> 11
    word ^= (word << 7) & 0x9d2c_5680
    word ^= (word << 15) & 0xefc6_0000
    return word ^ (word >> 18)
  }

  private mutating func twist() {
    position = 0
    state.withUnsafeMutableBufferPointer { state in
      for i in 0..<624 {
        let joined = (state[i] & 0x8000_0000) | (state[(i + 1) % 624] & 0x7fff_ffff)
        state[i] = state[(i + 397) % 624] ^ (joined >> 1) ^ (joined & 1 == 0 ? 0 : 0x9908_b0df)
      }
    }
  }
}

extension TorchGenerator {
  /// Uniform values in `[lower, upper)` as `tensor.uniform_(lower, upper)` draws them: `u (upper - lower) + lower`,
  /// rounded once, with 24 random bits `u`, one word each.
  public mutating func uniform(count: Int, from lower: Double, to upper: Double) -> [Float] {
    let (first, extent) = (Float(lower), Float(upper) - Float(lower))
    return .init(unsafeUninitializedCapacity: count) { destination, filled in
      for i in 0..<count { destination[i] = first.addingProduct(nextUnit(), extent) }
      filled = count
    }
  }

  /// Normal values as `torch.randn(count)` or `tensor.normal_(mean, deviation)` draws them.
  ///
  /// Sixteen or more: uniform values fill the line, and each block of sixteen becomes eight pairs by Box and Muller
  /// (1958), its first eight the radii and its last eight the angles; where the count is no multiple of sixteen, the
  /// last sixteen are drawn again. Fewer: pairs in double precision, the second of a pair kept for the next call.
  public mutating func normal(count: Int, mean: Double = 0, deviation: Double = 1) -> [Float] {
    guard count >= 16 else { return (0..<count).map { _ in Float(nextNormal() * deviation + mean) } }
    return .init(unsafeUninitializedCapacity: count) { values, filled in
      for i in 0..<count { values[i] = nextUnit() }
      for start in stride(from: 0, through: count - 16, by: 16) {
        transformBlock(values, from: start, mean: Float(mean), deviation: Float(deviation))
      }
      if count % 16 != 0 {
        for i in count - 16..<count { values[i] = nextUnit() }
        transformBlock(values, from: count - 16, mean: Float(mean), deviation: Float(deviation))
      }
      filled = count
    }
  }

  /// A value in `[0, 1)` with 24 random bits.
  private mutating func nextUnit() -> Float {
    Float(nextWord() & 0xff_ffff) * 0x1p-24
  }

  /// A value in `[0, 1)` with 53 random bits of two words, the first of them the upper half.
  private mutating func nextDoubleUnit() -> Double {
    let upper = UInt64(nextWord())
    let bits = (upper << 32 | UInt64(nextWord())) & (1 << 53 - 1)
    return Double(bits) * 0x1p-53
  }

  private mutating func nextNormal() -> Double {
    if let normal = spareNormal {
      spareNormal = nil
      return normal
    }
    let angle = 2 * Double.pi * nextDoubleUnit()
    let radius = (-2 * log1p(-nextDoubleUnit())).squareRoot()
    spareNormal = radius * sin(angle)
    return radius * cos(angle)
  }
}

private func transformBlock(
  _ values: UnsafeMutableBufferPointer<Float>, from start: Int, mean: Float, deviation: Float
) {
  for i in start..<start + 8 {
    let radius = (-2 * vectorLogarithm(1 - values[i])).squareRoot()
    let (sine, cosine) = vectorSineCosine(Float(2 * Double.pi) * values[i + 8])
    values[i] = mean.addingProduct(radius * cosine, deviation)
    values[i + 8] = mean.addingProduct(radius * sine, deviation)
  }
}

/// The polynomial with coefficients from the highest power down, by Horner's rule with fused steps.
private func polynomial(_ x: Float, _ coefficients: Float...) -> Float {
  coefficients.dropFirst().reduce(coefficients[0]) { $1.addingProduct($0, x) }
}

/// The natural logarithm of a positive number as PyTorch's vector code rounds it: the single-precision approximation of
/// the Cephes library (Moshier 1992), with the fused operations that PyTorch's compiler makes of it.
private func vectorLogarithm(_ value: Float) -> Float {
  var exponent = Float(Int32(value.bitPattern >> 23) - 126)
  var x = Float(bitPattern: value.bitPattern & 0x007f_ffff | 0x3f00_0000)
  if x < 0.707106781186547524 {
    exponent -= 1
    x = x - 1 + x
  } else {
    x -= 1
  }
  let square = x * x
  var y = polynomial(
    x, 7.0376836292e-2, -1.1514610310e-1, 1.1676998740e-1, -1.2420140846e-1, 1.4249322787e-1, -1.6668057665e-1,
    2.0000714765e-1, -2.4999993993e-1, 3.3333331174e-1)
  // Twice ln 2, in a long and a short part: 0.693359375 - 2.12194440e-4.
  y = (exponent * -2.12194440e-4).addingProduct(y * x, square)
  y.addProduct(-square, 0.5)
  return (x + y).addingProduct(exponent, 0.693359375)
}

/// Sine and cosine of a positive angle as PyTorch's vector code rounds them; see ``vectorLogarithm(_:)``.
private func vectorSineCosine(_ angle: Float) -> (sine: Float, cosine: Float) {
  let octant = (Int32(angle * 1.27323954473516) + 1) & ~1
  // pi / 4 in three parts, each exact in few bits.
  let x = [-0.78515625, -2.4187564849853515625e-4, -3.77489497744594108e-8].reduce(angle) {
    $0.addingProduct(Float(octant), $1)
  }
  let square = x * x
  let nearCosine = polynomial(square, 2.443315711809948e-5, -1.388731625493765e-3, 4.166664568298827e-2) * square
  let evenPart = (-square * 0.5).addingProduct(nearCosine, square) + 1
  let nearSine = polynomial(square, -1.9515295891e-4, 8.3321608736e-3, -1.6666654611e-1) * square
  let oddPart = x.addingProduct(nearSine, x)
  let (sine, cosine) = octant & 2 == 0 ? (oddPart, evenPart) : (evenPart, oddPart)
  return (octant & 4 == 0 ? sine : -sine, (octant &- 2) & 4 == 0 ? -cosine : cosine)
}
