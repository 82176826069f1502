public import Tensors

/// The limit of an estimate of the clean data to the range of the data: clipping or thresholding.
public enum DenoisedLimit: Sendable, Hashable {
  /// Nothing.
  case none
  /// Values are moved into `-range...range`.
  case clip(Double)
  /// Each sample is moved into `-s...s` and divided by `s`, where `s` is the `ratio` quantile of its absolute values,
  /// at least 1 and then at most `maximum` (Saharia and others 2022, section 2.3).
  case dynamic(ratio: Double, maximum: Double)

  /// The estimate within its limits; a dynamic limit waits for the device.
  public func apply(to denoised: Tensor) throws -> Tensor {
    switch self {
    case .none: denoised
    case .clip(let range): denoised.clamped(to: -range...range)
    case .dynamic(let ratio, let maximum):
      denoised.clampedRows(toLimits: try Self.quantiles(of: denoised, ratio: ratio, maximum: maximum))
    }
  }

  /// The limit of each row.
  private static func quantiles(of denoised: Tensor, ratio: Double, maximum: Double) throws -> [Float] {
    let values = try denoised.values()
    let rowCount = values.count / denoised.rows
    return (0..<denoised.rows).map { row in
      let sorted = values[row * rowCount..<(row + 1) * rowCount].map { abs($0) }.sorted()
      // The rank is rounded to 32 bits, as PyTorch does.
      let rank = Float(ratio) * Float(rowCount - 1)
      let below = Int(rank)
      let above = min(below + 1, rowCount - 1)
      let quantile = sorted[below] + (rank - Float(below)) * (sorted[above] - sorted[below])
      return min(max(quantile, 1), Float(maximum))
    }
  }
}
