public import Compute
import Foundation

extension ReferenceBackend {
  /// Computes `out = scale * x + shift`.
  public func enter(_ source: Buffer, scale: Float, shift: Float, into destination: FeatureMap) {
    checkEnter(source, destination)
    destination.values = source.values.map { Double(scale) * $0 + Double(shift) }
  }

  /// Computes `out = x`.
  public func leave(_ source: FeatureMap, into destination: Buffer) {
    checkLeave(source, destination)
    destination.values = source.values
  }

  /// Computes `out = f(x)`.
  public func activate(_ source: FeatureMap, _ function: Nonlinearity, into destination: FeatureMap) {
    checkActivate(source, destination)
    destination.values = source.values.map(function.callAsFunction)
  }

  /// Computes `out[b, c] = table[indices[b], c]`.
  public func lookUpEmbedding(of table: Parameter, _ indices: [Int], into destination: FeatureMap) {
    let shape = destination.shape
    checkLookUpEmbedding(of: table, indices, destination)
    let rows = Self.values(of: table)
    destination.values = indices.flatMap { index in
      (0..<shape.channels).map { Double(rows[index * shape.channels + $0]) }
    }
  }

  /// Computes `out = firstScale * a + secondScale * b`.
  public func add(
    _ first: FeatureMap, times firstScale: Float, _ second: FeatureMap?, times secondScale: Float,
    into destination: FeatureMap
  ) {
    checkAdd(first, second, destination)
    let others = second?.values
    destination.values = first.values.enumerated().map { index, value in
      Double(firstScale) * value + (others.map { Double(secondScale) * $0[index] } ?? 0)
    }
  }

  /// Computes `out[b, c] = sum over y, x of in[b, c, y, x]`.
  public func spatialSum(_ source: FeatureMap, into destination: FeatureMap) {
    let shape = source.shape
    checkSpatialSum(source, destination)
    let values = source.values
    destination.values = (0..<shape.batch * shape.channels).map { plane in
      values[plane * shape.pixels..<(plane + 1) * shape.pixels].reduce(0, +)
    }
  }

  /// Computes `out = f'(x) * g`.
  public func activateGradient(
    _ source: FeatureMap, _ function: Nonlinearity, _ gradient: FeatureMap, into destination: FeatureMap
  ) {
    checkActivateGradient(source, gradient, destination)
    destination.values = zip(source.values, gradient.values).map { function.derivative(at: $0) * $1 }
  }

  /// Philox words against the probability, one value after the other.
  public func dropout(
    _ source: FeatureMap, probability: Double, seeds: [UInt64], key: NoiseKey, into destination: FeatureMap
  ) {
    let shape = source.shape
    _ = DropoutRule(probability: probability, shape: shape, destination: destination.shape, seeds: seeds.count)
    var values = source.values
    for sample in 0..<shape.batch {
      let seed = seeds[sample]
      let words = (0..<(shape.channels * shape.pixels + 3) / 4).flatMap { block in
        Philox.words(
          counter: [UInt32(block), key.step, key.draw, 1],
          key: (UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32)))
      }
      for channel in 0..<shape.channels {
        for pixel in 0..<shape.pixels {
          let index = (sample * shape.channels + channel) * shape.pixels + pixel
          let u = Double(words[pixel * shape.channels + channel]) * 0x1p-32
          values[index] = u >= probability ? values[index] / (1 - probability) : 0
        }
      }
    }
    destination.values = values
  }
}

extension Nonlinearity {
  /// The function by its formula, in Double.
  func callAsFunction(_ x: Double) -> Double {
    switch self {
    case .identity: x
    case .silu: x / (1 + exp(-x))
    case .mish: x * tanh(log1p(exp(x)))
    case .gelu: x * (1 + erf(x / 2.0.squareRoot())) / 2
    // A comparison, not a maximum: NaN stays NaN.
    case .relu: x < 0 ? 0 : x
    }
  }

  /// The derivative by its formula, in Double.
  func derivative(at x: Double) -> Double {
    switch self {
    case .identity:
      return 1
    case .silu:
      let s = 1 / (1 + exp(-x))
      return s * (1 + x * (1 - s))
    case .mish:
      let t = tanh(log1p(exp(x)))
      return t + x * (1 - t * t) / (1 + exp(-x))
    case .gelu:
      return (1 + erf(x / 2.0.squareRoot())) / 2 + x * exp(-x * x / 2) / (2 * Double.pi).squareRoot()
    case .relu:
      return x.isNaN ? x : x > 0 ? 1 : 0
    }
  }
}
