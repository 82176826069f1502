/// One term of a linear combination.
public struct Term {
  /// The factor, rounded to 32 bits by the device.
  public let coefficient: Double
  /// The values.
  public let buffer: Buffer

  /// The term `coefficient * buffer`.
  public init(_ coefficient: Double, _ buffer: Buffer) {
    self.coefficient = coefficient
    self.buffer = buffer
  }
}

/// Operations on every exact value by itself; destinations may be one of the sources, except where rows move.
public protocol PointwiseOperations: AnyObject {
  /// A linear combination: `out = sum over k of c_k x_k`, of one to eight terms of equal length.
  func combine(_ terms: [Term], into destination: Buffer)

  /// Limits values: `out = min(max(x, lower), upper)`; NaN stays NaN.
  func clamp(_ source: Buffer, lower: Float, upper: Float, into destination: Buffer)

  /// Limits each row to its own range and scales that to one: `out[r, i] = clamp(x[r, i], -s[r], s[r]) / s[r]`.
  ///
  /// Dynamic thresholding (Saharia et al. 2022, section 2.3) with `s` at least 1. `limits.count` is the number of rows.
  func clampRows(_ source: Buffer, limits: Buffer, into destination: Buffer)

  /// Multiplies each row by its own factor: `out[r, i] = s[r] x[r, i]`; `factors.count` is the number of rows.
  func scaleRows(_ source: Buffer, by factors: Buffer, into destination: Buffer)

  /// Copies rows bit for bit: `out[r] = x[indices[r]]`, as PyTorch's `index_select` does.
  ///
  /// A row may be taken more than once, or not at all. The destination is not the source.
  ///
  /// - Parameters:
  ///   - source: Rows as long as the destination's.
  ///   - indices: The row of the source behind each row of the destination.
  ///   - destination: `indices.count` rows.
  func selectRows(_ source: Buffer, _ indices: [Int], into destination: Buffer)

  /// Multiplies values by a function of others of equal length: `out = factor * g(scale * y) * x`.
  ///
  /// The noise that a network with a learned variance adds: `y` is what the network predicts, `x` are normals, and `rule`
  /// turns one into the deviation of the other. NaN in either stays NaN. One pass.
  func scaleByFunction(_ source: Buffer, of argument: Buffer, _ rule: ScalingFunction, into destination: Buffer)
}
